//! What is generated from the table `abi/api.toml` is up to date, and the table has every call of the header.

use support::{read, root};

#[test]
fn what_the_table_says_stands_in_every_file() {
    let files = generate::render(root()).unwrap_or_else(|error| panic!("{error}"));
    let stale: Vec<_> =
        files.iter().filter(|file| file.present != file.fresh).map(|file| file.path).collect();
    assert!(
        stale.is_empty(),
        "not what abi/api.toml says: {stale:?}. To bring them up to date: {}",
        generate::COMMAND
    );
}

#[test]
fn the_table_has_every_call_of_the_header() {
    let (header, node) = (read("include/peers.h"), read("bindings/node/lib/abi.js"));
    let is_code = |line: &&str| !["*", "/*"].iter().any(|mark| line.trim_start().starts_with(mark));
    let header: String = header.lines().filter(is_code).flat_map(|line| [line, "\n"]).collect();
    let words = |text: &str| {
        text.split_whitespace().collect::<Vec<_>>().join(" ").replace(" *", "*").replace("* ", "*")
    };
    let header = words(&header.replace("struct ", ""));
    let declared: Vec<_> =
        node.lines().filter_map(|line| line.trim().strip_prefix('\'')?.strip_suffix(")',")).collect();
    for call in &declared {
        let call = words(&call.replace("_Out_ ", "").replace("_Inout_ ", ""));
        assert!(header.contains(&format!("{call});")), "the header has not: {call});");
    }
    let exported = header.matches(");").count();
    // The log function is a type, and no call.
    assert_eq!(declared.len() + 1, exported, "a call of the header is not in abi/api.toml");
}
