//! No public text has a word that another one replaced: not the header, the ABI's record, the bindings, the examples, nor the
//! documents.

use std::fs;
use std::path::Path;

use support::{read, root};

/// Words in lower case, and what stands in their place.
const REPLACED: [(&str, &str); 27] = [
    ("ancestor", "legacy beacon, legacy node, legacy program"),
    ("the legacy's", "the legacy program's"),
    ("deaf", "not receiving"),
    ("defect", "internal error"),
    ("nobody is there", "ICMP port or host unreachable"),
    ("config::notice", "Config::change_detection"),
    ("peers::notice", "ChangeDetection"),
    ("peers_source_beacon", "PEERS_SOURCE_MULTICAST"),
    ("sourcebeacon", "SourceMulticast"),
    ("source.beacon", "Source.MULTICAST"),
    ("source::beacon", "Source::Multicast"),
    ("peers_source_seed", "PEERS_SOURCE_UNICAST"),
    ("sourceseed", "SourceUnicast"),
    ("source.seed", "Source.UNICAST"),
    ("source::seed", "Source::Unicast"),
    ("peers_source_member", "PEERS_SOURCE_GOSSIP"),
    ("sourcemember", "SourceGossip"),
    ("source.member", "Source.GOSSIP"),
    ("source::member", "Source::Gossip"),
    ("peers_reason_membership", "PEERS_REASON_MULTICAST_JOIN"),
    ("reason.membership", "Reason.MULTICAST_JOIN"),
    ("membershipmissing", "MulticastJoin"),
    ("peers_reason_seeds", "PEERS_REASON_RESOLVER"),
    ("reason.seeds", "Reason.RESOLVER"),
    ("seedsunresolved", "Resolver"),
    ("over_cap", "refused_full"),
    ("overcap", "refusedFull"),
];

/// Counters in lower case, whose names are plain words otherwise, and their names now.
const COUNTERS: [(&str, &str); 4] = [
    ("challenged", "unvalidated"),
    ("foreign", "other_cluster"),
    ("own", "looped_back"),
    ("reopened", "sockets_reopened"),
];

/// The folders and files whose words are public.
const PUBLIC: [&str; 11] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "README.md",
    "SECURITY.md",
    "abi",
    "bindings",
    "docs",
    "examples",
    "include",
    "packaging",
    "proto/README.md",
];

#[test]
fn no_public_text_has_a_word_that_was_replaced() {
    let mut files = Vec::new();
    PUBLIC.iter().for_each(|path| collect(path, &mut files));
    assert!(files.len() > 100, "the search finds what it is meant to find: {files:?}");
    let found: Vec<String> = files.iter().flat_map(|file| replaced_in(file, &read(file))).collect();
    assert!(found.is_empty(), "replaced words:\n{}", found.join("\n"));
}

#[test]
fn each_kind_of_a_replaced_word_is_found() {
    let text = "/* PEERS_NO_ANCESTOR */\nthe count of `own`\nhealth.foreign + 1\nname='challenged'\nuint64_t reopened;\n\
        let folders = demo.ancestors();\nits own, in a foreign cluster";
    let lines: Vec<String> = replaced_in("file.rs", text);
    assert_eq!(
        lines,
        [
            "file.rs:1: \"ancestor\" is now: legacy beacon, legacy node, legacy program",
            "file.rs:2: \"own\" is now: looped_back",
            "file.rs:3: \"foreign\" is now: other_cluster",
            "file.rs:4: \"challenged\" is now: unvalidated",
            "file.rs:5: \"reopened\" is now: sockets_reopened",
        ]
    );
}

/// The text files of a folder and the folders in it, or the file itself.
fn collect(path: &str, files: &mut Vec<String>) {
    let is_generated = ["node_modules", "__pycache__", "target"].iter().any(|name| path.ends_with(name))
        || ["package-lock.json", "THIRD-PARTY.txt", ".svg", ".so", ".class", ".pyc"]
            .iter()
            .any(|ending| path.ends_with(ending));
    if is_generated || path.contains("/.") {
        return;
    }
    if !root().join(path).is_dir() {
        files.push(path.to_owned());
        return;
    }
    for entry in fs::read_dir(root().join(path)).expect("the folder can be read") {
        let name = entry.expect("the folder can be read").file_name();
        collect(&format!("{path}/{}", name.display()), files);
    }
}

/// Each replaced word in a file, with its line.
fn replaced_in(file: &str, text: &str) -> Vec<String> {
    let is_rust = Path::new(file).extension().is_some_and(|ending| ending == "rs");
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        // `Path::ancestors` is the standard library's.
        let line = if is_rust { line.replace(".ancestors()", "") } else { line.to_owned() }.to_lowercase();
        let words = REPLACED.iter().filter(|(word, _)| line.contains(word));
        let counters = COUNTERS.iter().filter(|(word, _)| has_counter(&line, word));
        for (word, instead) in words.chain(counters) {
            found.push(format!("{file}:{}: {word:?} is now: {instead}", at + 1));
        }
    }
    found
}

/// True if the line has the word as the name of a counter: in quotes of code, as a field, or as its declaration.
fn has_counter(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(start, _)| {
        let (before, after) = (&line[..start], &line[start + word.len()..]);
        let is_quoted = ['`', '\''].iter().any(|quote| before.ends_with(*quote) && after.starts_with(*quote));
        let is_whole = !after.starts_with(|next: char| next.is_alphanumeric() || next == '_' || next == '(');
        let is_field =
            ["health.", "counters.", "health->", "uint64_t ", "long "].iter().any(|it| before.ends_with(it));
        is_quoted || (is_whole && is_field)
    })
}
