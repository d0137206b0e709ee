//! Imports point one way: from each layer to those below it, without cycles.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The modules of the package `peers`, the lowest first. Each imports from those before it, and from its own files.
const LAYERS: [&str; 17] = [
    "sync",
    "panics",
    "fail_points",
    "error",
    "health",
    "interface_status",
    "log",
    "seed",
    "txt",
    "sys",
    "net",
    "runtime",
    "config",
    "subscription",
    "stream",
    "peers",
    "ffi",
];

/// A file of `src`, as a module path without `crate::`; and the module paths that it names.
struct File {
    name: String,
    module: String,
    imports: BTreeSet<String>,
}

fn sources(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder is in the repository") {
            let path = entry.expect("it can be read").path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.extension().is_some_and(|extension| extension == "rs") => found.push(path),
                false => {}
            }
        }
    }
    found.sort();
    assert!(found.len() > 20, "{folder} has {} sources", found.len());
    found
}

/// The code of a file, without comments and blanks, so that a `use` over several lines is one text.
fn code_of(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("it can be read");
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

fn files() -> Vec<File> {
    let file = |path: PathBuf| {
        let inner = path.strip_prefix("src").expect("it is in src").with_extension("");
        let module = inner.iter().map(|part| part.to_str().expect("UTF-8")).collect::<Vec<_>>().join("::");
        File { name: path.display().to_string(), module, imports: imports_of(&code_of(&path)) }
    };
    sources("src").into_iter().filter(|path| !path.ends_with("lib.rs")).map(file).collect()
}

/// Each path behind `crate::`, with each name of a group in braces on its own.
fn imports_of(code: &str) -> BTreeSet<String> {
    let mut imports = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_') {
            continue;
        }
        expand("", &code[at + "crate::".len()..], &mut imports);
    }
    imports
}

/// Reads one path of a `use` after `prefix`, and returns what follows it.
fn expand<'a>(prefix: &str, text: &'a str, imports: &mut BTreeSet<String>) -> &'a str {
    let end = text.find(|next: char| !(next.is_alphanumeric() || next == '_' || next == ':'));
    let (path, mut rest) = text.split_at(end.unwrap_or(text.len()));
    let path = format!("{prefix}{path}");
    let Some(inside) = rest.strip_prefix('{').filter(|_| path.ends_with("::")) else {
        imports.insert(path.trim_end_matches("self").trim_end_matches(':').to_owned());
        return rest;
    };
    rest = inside;
    loop {
        rest = rest.trim_start_matches([' ', ',']);
        if let Some(rest) = rest.strip_prefix('}') {
            return rest;
        }
        rest = expand(&path, rest, imports);
        // The new name of a rename.
        if rest.starts_with(" as ") {
            rest = rest.trim_start_matches(|next| next != ',' && next != '}');
        }
    }
}

fn layer_of(module: &str) -> Option<usize> {
    let first = module.split("::").next().unwrap_or_default();
    LAYERS.iter().position(|layer| *layer == first)
}

#[test]
fn imports_point_down() {
    for file in files() {
        let layer = layer_of(&file.module).unwrap_or_else(|| panic!("{} is in no layer", file.name));
        for import in &file.imports {
            let Some(imported) = layer_of(import) else { panic!("{} names crate::{import}", file.name) };
            assert!(imported <= layer, "{} imports crate::{import}, which is above it", file.name);
        }
    }
}

#[test]
fn no_two_files_import_each_other_in_a_circle() {
    let files = files();
    let modules: BTreeSet<&str> = files.iter().map(|file| &*file.module).collect();
    // The file that a path is in: the longest beginning of it that is one.
    let module_of = |import: &str| {
        let mut path = import;
        loop {
            match (modules.get(path), path.rsplit_once("::")) {
                (Some(module), _) => return Some(*module),
                (None, Some((outer, _))) => path = outer,
                (None, None) => return None,
            }
        }
    };
    let edges: BTreeMap<&str, BTreeSet<&str>> = files
        .iter()
        .map(|file| (&*file.module, file.imports.iter().filter_map(|import| module_of(import)).collect()))
        .collect();
    // Files without an import from one that is left are taken away, until no such file is left.
    let mut left = modules.clone();
    loop {
        let free: Vec<&str> = left
            .iter()
            .copied()
            .filter(|module| !edges[module].iter().any(|other| other != module && left.contains(other)))
            .collect();
        if free.is_empty() {
            break;
        }
        left.retain(|module| !free.contains(module));
    }
    assert!(left.is_empty(), "these files import each other: {left:?}");
}

#[test]
fn the_protocol_imports_nothing_of_the_package_peers() {
    for path in sources("proto/src") {
        let code = code_of(&path);
        assert!(!code.contains("peers::"), "{} names the package peers", path.display());
    }
    let manifest = fs::read_to_string("proto/Cargo.toml").expect("it is in the repository");
    assert!(!manifest.lines().any(|line| line.trim_start().starts_with("peers ")), "proto depends on peers");
}

#[test]
fn a_module_is_a_file_of_its_name() {
    for path in sources("src").into_iter().chain(sources("proto/src")) {
        assert!(!path.ends_with("mod.rs"), "{}", path.display());
        assert!(!code_of(&path).contains("#[path"), "{} places a module elsewhere", path.display());
    }
}

#[test]
fn a_group_of_imports_is_read_name_by_name() {
    let code = "use crate::sys::{self, batch::{A, B as C}, Way}; let x = crate::net::open(); mycrate::y";
    let found: Vec<String> = imports_of(code).into_iter().collect();
    assert_eq!(found, ["net::open", "sys", "sys::Way", "sys::batch::A", "sys::batch::B"]);
}
