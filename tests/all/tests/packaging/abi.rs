//! The ABI is what was accepted last: the folder abi, whose README says how to accept another.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::outside::{INSTALLATION, Outside};
use support::{has_tool, output_of, read, root, run, skip};

const RECORD: &str = "To record it: PEERS_UPDATE_ABI=1 cargo test -p peers-all-tests --test packaging abi";
const ACCEPT: &str = "Programs built before would break. To accept that, raise the major number of the version in \
     Cargo.toml, and with it the soname, and say so in CHANGELOG.md. Then record it: \
     PEERS_UPDATE_ABI=1 cargo test -p peers-all-tests --test packaging abi";

#[test]
fn the_abi_exports_these_symbols_and_no_others() {
    if !has_tool("nm", "the_abi_exports_these_symbols_and_no_others") {
        return;
    }
    let library = INSTALLATION.libdir.join("libpeers.so");
    let exported = symbols(&run(Command::new("nm").args(["-D", "--defined-only"]).arg(library)));
    for symbol in exported.lines() {
        assert!(symbol.starts_with("peers_"), "{symbol} is exported");
    }
    check_lines("abi/symbols.txt", &exported);
}

#[test]
fn the_abi_has_these_constants() {
    let header = read("include/peers.h");
    let constants = header.lines().filter_map(|line| line.strip_prefix("#define ")).filter(|define| {
        // Not the version, which changes, nor the initialisers.
        !define.starts_with("PEERS_VERSION")
            && define.split_once(' ').is_some_and(|it| it.1.parse::<i64>().is_ok())
    });
    let constants: String = constants.map(|constant| format!("{constant}\n")).collect();
    assert!(constants.contains("PEERS_ERR_NULL -1\n"), "the search finds what it is meant to find");
    check_lines("abi/constants.txt", &constants);
}

#[test]
fn the_abi_has_these_types_and_functions() {
    let test = "the_abi_has_these_types_and_functions";
    if !(has_tool("abidw", test) && has_tool("abidiff", test)) {
        return;
    }
    if cfg!(not(target_pointer_width = "64")) {
        return skip(test, "the accepted ABI is that of machines with 64 bits");
    }
    let accepted = root().join("abi/peers.abi");
    let outside = Outside::new("abi");
    let current = dump(&read("include/peers.h"), &soname(), outside.path());
    if is_update() {
        fs::copy(&current, &accepted).expect("the dump can be written");
    }
    match compare(&accepted, &current) {
        Change::None => {}
        Change::Compatible(report) => panic!("{report}\nThe ABI has grown, compatibly. {RECORD}"),
        Change::Incompatible(report) => panic!("{report}\nThe ABI has changed. {ACCEPT}"),
    }
}

/// Each change of the header, and whether programs that were built before work on.
#[test]
fn the_abi_check_knows_what_breaks_programs() {
    let test = "the_abi_check_knows_what_breaks_programs";
    if !(has_tool("abidw", test) && has_tool("abidiff", test)) {
        return;
    }
    let outside = Outside::new("abi-changes");
    let header = read("include/peers.h");
    let soname = soname();
    let accepted = dump(&header, &soname, &folder_in(outside.path(), "accepted"));
    let breaks = |name: &str, changed: &str| match compare(
        &accepted,
        &dump(changed, &soname, &folder_in(outside.path(), name)),
    ) {
        Change::None => panic!("{name}: no change was seen"),
        Change::Compatible(_) => false,
        Change::Incompatible(_) => true,
    };
    let replaced = |from: &str, to: &str| {
        assert_eq!(header.matches(from).count(), 1, "{from:?}");
        header.replacen(from, to, 1)
    };

    assert!(!breaks(
        "new-function",
        &replaced(ADVANCE, &format!("int32_t peers_new(int32_t number);\n{ADVANCE}"))
    ));
    for struct_name in ["config", "peer", "event", "health"] {
        let end = format!("}} peers_{struct_name}_t;");
        let longer = replaced(&end, &format!("    uint64_t new_field;\n{end}"));
        assert!(!breaks(&format!("longer-{struct_name}"), &longer));
    }

    assert!(breaks("no-function", &replaced(ADVANCE, "")));
    assert!(breaks("parameter", &replaced("uint32_t ttl_ms);", "uint64_t ttl_ms);")));
    assert!(breaks("result", &replaced("const char *peers_version(void);", "int32_t peers_version(void);")));
    assert!(breaks("callback", &replaced("const char *message, void *context);", "const char *message);")));
    assert!(breaks("field-type", &replaced("    uint16_t port;", "    uint32_t port;")));
    assert!(breaks("no-field", &replaced("    uint64_t stale;", "")));
    assert!(breaks(
        "field-between",
        &replaced("    uint64_t stale;", "    uint64_t new_field;\n    uint64_t stale;")
    ));
    let swapped =
        replaced("    uint64_t malformed;", "@").replace("    uint64_t stale;", "    uint64_t malformed;");
    let swapped = swapped.replace('@', "    uint64_t stale;");
    assert!(breaks("order-of-fields", &swapped));
    let longer = swapped.replace("} peers_health_t;", "    uint64_t new_field;\n} peers_health_t;");
    assert!(breaks("order-of-fields-in-a-longer-struct", &longer));
}

const ADVANCE: &str = "int32_t peers_advance(struct peers_t *node,\n                      uint32_t ms);";

/// Compares a list, whose lines may become more but not fewer, with the accepted one.
fn check_lines(path: &str, current: &str) {
    if is_update() {
        fs::write(root().join(path), current).expect("the list can be written");
    }
    let accepted = read(path);
    let lost: Vec<_> = accepted.lines().filter(|line| !current.lines().any(|it| it == *line)).collect();
    assert!(lost.is_empty(), "{path} has these, and the library has not: {lost:?}\n{ACCEPT}");
    let new: Vec<_> = current.lines().filter(|line| !accepted.lines().any(|it| it == *line)).collect();
    assert!(new.is_empty(), "{path} has not these, and the library has: {new:?}\n{RECORD}");
}

fn is_update() -> bool {
    env::var_os("PEERS_UPDATE_ABI").is_some_and(|value| value == "1")
}

/// The names in what nm prints, one a line, sorted.
fn symbols(table: &str) -> String {
    let mut names: Vec<_> = table.lines().filter_map(|line| line.split_whitespace().last()).collect();
    names.sort_unstable();
    names.iter().map(|name| format!("{name}\n")).collect()
}

/// The soname of the library, "libpeers.so.0".
fn soname() -> String {
    let dynamic = run(Command::new("readelf").arg("-d").arg(INSTALLATION.libdir.join("libpeers.so")));
    let name = dynamic.split_once("Library soname: [").and_then(|(_, rest)| rest.split_once(']'));
    name.expect("the library has a soname").0.to_owned()
}

fn folder_in(folder: &Path, name: &str) -> PathBuf {
    let folder = folder.join(name);
    fs::create_dir(&folder).expect("it is in a folder of the test's own");
    folder
}

/// What abidw says of the header: of a library in C with its functions, which do nothing.
fn dump(header: &str, soname: &str, folder: &Path) -> PathBuf {
    fs::write(folder.join("peers.c"), functions_of_nothing(header)).expect("the folder can be written");
    let mut compiler = Command::new(env::var_os("CC").unwrap_or_else(|| "cc".into()));
    compiler.current_dir(folder).args(["-g", "-shared", "-fPIC", &format!("-Wl,-soname,{soname}")]);
    run(compiler.args(["peers.c", "-o", "libpeers.so"]));
    // Nothing of this machine: no folder, no line, no libc, no processor.
    let mut abidw = Command::new("abidw");
    abidw.args([
        "--no-architecture",
        "--no-corpus-path",
        "--no-comp-dir-path",
        "--no-show-locs",
        "--no-elf-needed",
    ]);
    run(abidw.current_dir(folder).args(["--out-file", "peers.abi", "libpeers.so"]));
    folder.join("peers.abi")
}

/// The header with a body for each function.
fn functions_of_nothing(header: &str) -> String {
    let (types, functions) = header.split_once("extern \"C\" {").expect("the functions are for C++, too");
    format!("{types}extern \"C\" {{{}", functions.replace(");\n", ") { __builtin_unreachable(); }\n"))
}

/// How an ABI differs from the accepted one, with the words of abidiff.
enum Change {
    None,
    Compatible(String),
    Incompatible(String),
}

fn compare(accepted: &Path, current: &Path) -> Change {
    let Some(report) = abidiff(&[], accepted, current) else { return Change::None };
    let read = |path: &Path| fs::read_to_string(path).expect("abidw wrote it");
    let cut = current.with_extension("cut.abi");
    fs::write(&cut, without_growth(&read(current), &read(accepted))).expect("the folder can be written");
    match abidiff(&["--no-added-syms"], accepted, &cut) {
        None => Change::Compatible(report),
        Some(_) => Change::Incompatible(report),
    }
}

/// What abidiff has to say.
fn abidiff(options: &[&str], accepted: &Path, current: &Path) -> Option<String> {
    let output = output_of(Command::new("abidiff").args(options).arg(accepted).arg(current));
    // One bit for each kind of difference; the two lowest say that it did not come to compare.
    let status = output.status.code().expect("abidiff was not killed");
    let words = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(status & 0b11 == 0, "abidiff: {words}");
    (status != 0).then_some(words)
}

/// A dump in which no struct is longer than in the accepted one. A field that a struct has beyond its accepted size breaks
/// nobody, whereas abidiff reports every struct that grows; and what it can be told to suppress of them hides fields
/// that change places, too.
fn without_growth(current: &str, accepted: &str) -> String {
    let sizes: HashMap<&str, u64> = accepted.lines().filter_map(struct_size).collect();
    let mut size = u64::MAX;
    let mut is_beyond = false;
    let mut cut = String::new();
    for line in current.lines() {
        if let Some((name, grown)) = struct_size(line) {
            size = sizes.get(name).copied().unwrap_or(grown);
            cut += &line.replace(&format!("size-in-bits='{grown}'"), &format!("size-in-bits='{size}'"));
            cut += "\n";
            continue;
        }
        if let Some(offset) = attribute(line, "<data-member ", "layout-offset-in-bits") {
            is_beyond = offset.parse::<u64>().expect("an offset is a number") >= size;
        }
        if !is_beyond {
            cut += line;
            cut += "\n";
        }
        is_beyond &= !line.contains("</data-member>");
    }
    cut
}

/// The name and the size of the struct that a line of a dump begins.
fn struct_size(line: &str) -> Option<(&str, u64)> {
    let name = attribute(line, "<class-decl ", "name")?;
    Some((name, attribute(line, "<class-decl ", "size-in-bits")?.parse().expect("a size is a number")))
}

/// An attribute of the element that a line of a dump begins.
fn attribute<'a>(line: &'a str, element: &str, attribute: &str) -> Option<&'a str> {
    let attributes = line.trim_start().strip_prefix(element)?;
    let (_, rest) = attributes.split_once(&format!("{attribute}='"))?;
    rest.split_once('\'').map(|(value, _)| value)
}
