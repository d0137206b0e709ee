//! include/peers.h: it is the one generated, it is documented throughout, compilers like it, and the libraries keep
//! to it.

use std::fs;
use std::process::Command;

use support::{check_syntax, has_tool, read, run};

#[test]
fn the_committed_header_is_the_generated_one() {
    let generated = read(env!("PEERS_GENERATED_HEADER"));
    if std::env::var_os("PEERS_UPDATE_HEADER").is_some_and(|value| value == "1") {
        fs::write(support::root().join("include/peers.h"), &generated).expect("the header can be written");
    }
    assert!(
        read("include/peers.h") == generated,
        "include/peers.h is not what src/ffi says. To refresh it: PEERS_UPDATE_HEADER=1 cargo test --test header"
    );
}

#[test]
fn everything_is_documented() {
    let header = header();
    let items = items(&header);
    for item in &items {
        assert!(item.doc.contains(char::is_alphabetic), "no documentation: {}", item.code);
    }
    // That the search finds what it is meant to find.
    let count = |what: &str| items.iter().filter(|item| item.code.contains(what)).count();
    assert!(count("#define PEERS_ERR_") == 18, "not every constant was found");
    assert!(count("(") > 14, "not every function was found");
    assert!(count("uint64_t last_send_age_ms;") == 1, "not every field was found");
}

#[test]
fn every_call_that_can_fail_documents_its_errors_and_threads() {
    let header = header();
    let items = items(&header);
    let fallible: Vec<_> = items.iter().filter(|item| item.code.starts_with("int32_t peers_")).collect();
    assert!(fallible.len() >= 8, "not every call was found");
    for item in fallible {
        for promise in ["Errors:", "Thread-safe"] {
            assert!(item.doc.contains(promise), "the documentation has no {promise:?}: {}", item.code);
        }
    }
}

/// Uses of everything that is a macro, for the compiler to check.
const USE: &str = "#include <peers.h>\n\
    int main(void) {\n\
        peers_config_t config = PEERS_CONFIG_INIT;\n\
        peers_health_t health = PEERS_HEALTH_INIT;\n\
        peers_entry_t entry = PEERS_ENTRY_INIT;\n\
        const char *version = PEERS_VERSION;\n\
        return (int)(config.struct_size + health.struct_size + entry.struct_size) + version[0] + PEERS_VERSION_MAJOR\n\
            + PEERS_VERSION_MINOR + PEERS_VERSION_PATCH + PEERS_ERR_NULL;\n\
    }\n";

#[test]
fn it_compiles_alone_as_c() {
    check_syntax("cc", "c", "c11", USE);
}

#[test]
fn it_compiles_alone_as_cpp() {
    if has_tool("c++", "it_compiles_alone_as_cpp") {
        check_syntax("c++", "c++", "c++17", USE);
    }
}

#[test]
fn its_version_is_the_packages() {
    let header = header();
    let value = |name: &str| {
        let define = format!("#define {name} ");
        let line = header.lines().find_map(|line| line.strip_prefix(&define));
        line.unwrap_or_else(|| panic!("{name} is not defined")).to_owned()
    };
    assert_eq!(value("PEERS_VERSION"), format!("{:?}", env!("CARGO_PKG_VERSION")));
    assert_eq!(value("PEERS_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MAJOR"));
    assert_eq!(value("PEERS_VERSION_MINOR"), env!("CARGO_PKG_VERSION_MINOR"));
    assert_eq!(value("PEERS_VERSION_PATCH"), env!("CARGO_PKG_VERSION_PATCH"));
}

#[test]
fn the_library_exports_what_the_header_declares() {
    if !has_tool("nm", "the_library_exports_what_the_header_declares") {
        return;
    }
    let symbols = run(Command::new("nm").args(["-D", "--defined-only"]).arg(support::shared_library()));
    let mut exported: Vec<_> = symbols.lines().filter_map(|line| line.split_whitespace().last()).collect();
    exported.sort_unstable();

    let header = header();
    let items = items(&header);
    let mut declared: Vec<_> = items.iter().filter_map(|item| function_name(&item.code)).collect();
    declared.sort_unstable();
    assert_eq!(exported, declared);
}

#[test]
fn the_shared_library_has_its_soname() {
    if has_tool("readelf", "the_shared_library_has_its_soname") {
        let dynamic = run(Command::new("readelf").arg("-d").arg(support::shared_library()));
        assert!(dynamic.contains("Library soname: [libpeers.so.0]"), "{dynamic}");
    }
}

fn header() -> String {
    read("include/peers.h")
}

/// Something the header declares, with the comment right before it.
struct Item {
    code: String,
    doc: String,
}

/// The constants, types, fields and functions of the header. The generator's layout is known: each begins on a line of
/// its own and ends with it, or with a line that ends in `;` or `{`.
fn items(header: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut doc = String::new();
    let mut lines = header.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("/*") {
            doc = line.to_owned();
            while !doc.ends_with("*/") {
                doc = doc + "\n" + lines.next().expect("a comment ends");
            }
            continue;
        }
        if is_item(line) {
            let mut code = line.to_owned();
            while !line.starts_with('#') && !code.ends_with([';', '{']) {
                code = code + " " + lines.next().expect("a declaration ends");
            }
            items.push(Item { code, doc: std::mem::take(&mut doc) });
        } else if line.starts_with("#define") {
            // The version and the initialisers: a group under one comment, some over several lines.
            let mut line = line;
            while line.ends_with('\\') {
                line = lines.next().expect("a macro ends");
            }
        } else {
            doc.clear();
        }
    }
    items
}

fn is_item(line: &str) -> bool {
    let is_macro_group =
        ["VERSION", "CONFIG_INIT", "ENTRY_INIT", "HEALTH_INIT"].map(|name| format!("#define PEERS_{name}"));
    match line.starts_with('#') {
        true => {
            line.starts_with("#define PEERS_")
                && !is_macro_group.iter().any(|it| line.starts_with(it))
                && line != "#define PEERS_H"
        }
        false => !line.is_empty() && !line.starts_with('}') && line != "extern \"C\" {",
    }
}

fn function_name(code: &str) -> Option<&str> {
    let before = code.split_once('(').filter(|_| !code.starts_with("typedef"))?.0;
    before.rsplit([' ', '*']).next()
}
