//! What README.md and the guides in docs/ show is code that works: C is compiled, and run where it needs no network; so is
//! Python; shell is read by the shell. The README's Rust is a documentation test (see `src/lib.rs`), and its C++, Java, Go and
//! JavaScript are compiled beside the tests of those languages. Each promise of SECURITY.md names its tests. Each source file says in
//! its first line what it contains.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use support::{compile_with, has_tool, read, root, run, scratch, shared_library, static_library};

/// Languages whose blocks are looked after elsewhere.
const ELSEWHERE: [&str; 7] = ["rust,no_run", "cpp", "java", "go", "js", "cmake", "text"];

/// A block of code, with the document it is in.
struct Block {
    document: String,
    language: String,
    code: String,
}

impl Block {
    /// It needs no network and comes to an end.
    fn can_run(&self) -> bool {
        self.code.contains("memory:")
    }

    /// The block in a file of its own.
    fn file(&self, number: usize, ending: &str) -> PathBuf {
        let path = scratch().join(format!("{}_{number}.{ending}", self.document.replace(['/', '.'], "_")));
        fs::write(&path, &self.code).expect("the scratch folder can be written");
        path
    }
}

/// They have tests of their own.
const SPECIFICATIONS: [&str; 2] = ["docs/PROTOCOL.md", "docs/CLUSTER.md"];

/// Its blocks are statements. The first one of each language is the frame that the others stand in.
const TASKS: &str = "docs/how-do-i.md";

/// What a frame has where the statements stand.
const PLACES: [&str; 2] = ["/* the block */", "# the block"];

/// All blocks of code, but those of the specifications.
fn blocks() -> Vec<Block> {
    let docs = fs::read_dir(root().join("docs")).expect("there are guides");
    let docs = docs.map(|entry| format!("docs/{}", entry.expect("it can be read").file_name().display()));
    let guides = docs.filter(|path| path.ends_with(".md") && !SPECIFICATIONS.contains(&&**path));
    let all = guides.chain(["README.md".into()]).flat_map(|document| match document.as_str() {
        TASKS => framed(blocks_of(&document)),
        _ => blocks_of(&document),
    });
    all.collect()
}

/// Puts the statements of each block into the frame of its language.
fn framed(blocks: Vec<Block>) -> Vec<Block> {
    let is_frame = |block: &Block| PLACES.iter().any(|place| block.code.contains(place));
    let (frames, mut blocks): (Vec<Block>, Vec<Block>) = blocks.into_iter().partition(is_frame);
    for block in &mut blocks {
        let frame = frames.iter().find(|frame| frame.language == block.language).expect("it has a frame");
        let place = PLACES.iter().find(|place| frame.code.contains(**place)).expect("it has a place");
        block.code = frame.code.replace(place, &block.code);
    }
    blocks
}

fn blocks_of(document: &str) -> Vec<Block> {
    let text = read(document);
    let fenced = text.split("\n```").skip(1).step_by(2);
    let block = |fenced: &str| {
        let (language, code) = fenced.split_once('\n').expect("a block begins on a line of its own");
        Block { document: document.into(), language: language.into(), code: code.into() }
    };
    fenced.map(block).collect()
}

/// Does this to all blocks of a language, of which there are at least so many.
fn each(language: &str, least: usize, check: impl Fn(&Block, usize)) {
    let blocks: Vec<Block> = blocks().into_iter().filter(|block| block.language == language).collect();
    assert!(blocks.len() >= least, "only {} blocks of {language}", blocks.len());
    blocks.iter().enumerate().for_each(|(number, block)| check(block, number));
}

#[test]
fn every_block_is_in_a_language_that_is_looked_after() {
    for Block { document, language, .. } in blocks() {
        let is_known = ["c", "python", "sh"].contains(&&*language) || ELSEWHERE.contains(&&*language);
        assert!(is_known, "{document} has a block of {language:?}, which nothing checks");
    }
}

#[test]
fn c_compiles_without_a_warning_and_what_can_run_does() {
    each("c", 6, |block, number| {
        let mut link: Vec<OsString> = vec![static_library().into()];
        for (header, package) in [("<uv.h>", "libuv"), ("<glib", "glib-2.0")] {
            if block.code.contains(header) {
                let Some(flags) = flags_of(package) else { return };
                link.extend(flags);
            }
        }
        link.extend(["-lpthread", "-ldl", "-lm"].map(OsString::from));
        let program = compile_with(&block.file(number, "c"), &link);
        if block.can_run() {
            run(&mut Command::new(program));
        }
    });
}

/// What a compiler needs for a library, if it is there.
fn flags_of(package: &str) -> Option<Vec<OsString>> {
    let test = "c_compiles_without_a_warning_and_what_can_run_does";
    let mut query = Command::new("pkg-config");
    query.args(["--cflags", "--libs", package]);
    if !has_tool("pkg-config", test) {
        return None;
    }
    if !query.output().is_ok_and(|output| output.status.success()) {
        support::skip(test, &format!("{package} is not installed"));
        return None;
    }
    // Other people's headers are not held to our warnings.
    let flags = run(&mut query).replace(" -I", " -isystem").replacen("-I", "-isystem", 1);
    Some(flags.split_whitespace().map(OsString::from).collect())
}

#[test]
fn python_compiles_and_what_can_run_does() {
    each("python", 5, |block, number| {
        let file = block.file(number, "py");
        let mut python = Command::new("python3");
        python.env("PEERS_LIBRARY", shared_library());
        python.env("PYTHONPATH", root().join("bindings/python"));
        match block.can_run() {
            // Tests are pytest's; see the Python package's own.
            true if !block.code.contains("import pytest") => python.arg(file),
            _ => python.args(["-m", "py_compile"]).arg(file),
        };
        run(&mut python);
    });
}

#[test]
fn each_task_has_a_block_of_c_and_of_python() {
    let text = read(TASKS);
    let tasks: Vec<&str> = text.split("\n### ").skip(1).collect();
    assert!(tasks.len() >= 30, "only {} tasks", tasks.len());
    for task in tasks {
        let title = task.lines().next().unwrap_or_default();
        assert!(task.contains("\n```python\n"), "{title} has no Python");
        // C has nothing to write JSON with.
        assert!(task.contains("\n```c\n") || title.contains("JSON"), "{title} has no C");
    }
}

#[test]
fn the_example_of_the_header_compiles() {
    let header = read("include/peers.h");
    let lines = header.lines().skip_while(|line| !line.contains("do the main job")).skip(2);
    let code: String =
        lines.map_while(|line| line.strip_prefix(" *     ")).flat_map(|line| [line, "\n"]).collect();
    assert!(code.contains("peers_wait"), "the search finds what it is meant to find: {code}");
    let path = scratch().join("header_example.c");
    let program = format!("#include <peers.h>\n#include <stdio.h>\nint main(void) {{\n{code}return 0;\n}}\n");
    fs::write(&path, program).expect("the scratch folder can be written");
    compile_with(&path, &[static_library().into(), "-lpthread".into(), "-ldl".into(), "-lm".into()]);
}

#[test]
fn the_shell_can_read_the_commands() {
    each("sh", 4, |block, number| {
        run(Command::new("bash").arg("-n").arg(block.file(number, "sh")));
    });
}

#[test]
fn each_promise_of_security_names_a_test_that_exists() {
    let text = read("SECURITY.md");
    let promises: Vec<&str> = text
        .split("\n## ")
        .filter(|section| section.starts_with("Promises "))
        .flat_map(|section| section.split("\n- ").skip(1))
        .collect();
    assert!(promises.len() >= 20, "only {} promises", promises.len());
    for promise in promises {
        let tests: Vec<(&str, &str)> =
            promise.split('`').filter_map(|code| code.split_once(".rs::")).collect();
        assert!(!tests.is_empty(), "this promise names no test: {promise}");
        for (file, test) in tests {
            let code = read(format!("{file}.rs"));
            assert!(code.contains(&format!("fn {test}()")), "{file}.rs has no test {test}");
        }
    }
}

#[test]
fn each_source_file_says_what_it_contains() {
    let sources: Vec<String> =
        ["cli/src", "proto/src", "src"].iter().flat_map(|folder| sources_in(folder)).collect();
    assert!(sources.contains(&"proto/src/node.rs".into()), "the search finds what it is meant to find");
    let silent: Vec<&String> = sources.iter().filter(|path| !read(path).starts_with("//! ")).collect();
    assert!(
        silent.is_empty(),
        "{silent:?}: the first line is a comment, `//! …`, that says what the file contains"
    );
}

/// The Rust files of a folder and the folders in it.
fn sources_in(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).expect("the folder can be read");
    let paths =
        entries.map(|entry| format!("{folder}/{}", entry.expect("it can be read").file_name().display()));
    let (folders, files): (Vec<_>, Vec<_>) = paths.partition(|path| root().join(path).is_dir());
    let files = files.into_iter().filter(|path| path.ends_with(".rs"));
    files.chain(folders.iter().flat_map(|folder| sources_in(folder))).collect()
}
