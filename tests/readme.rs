//! The README's programs are run as they stand there. Its Rust is a documentation test; see `src/lib.rs`.

mod support;

use std::path::PathBuf;
use std::process::Command;

/// The code blocks of a language, in order.
fn blocks(language: &str) -> Vec<String> {
    let readme = include_str!("../README.md");
    let opening = format!("```{language}\n");
    readme.split(&opening).skip(1).filter_map(|rest| rest.split("```").next()).map(str::to_owned).collect()
}

fn file_with(name: &str, text: &str) -> PathBuf {
    let path = support::scratch().join(name);
    std::fs::write(&path, text).expect("the folder for temporary files can be written");
    path
}

#[test]
fn the_c_program_compiles_without_a_warning() {
    let blocks = blocks("c");
    assert_eq!(blocks.len(), 1);
    support::compile(&file_with("readme.c", &blocks[0]));
}

#[test]
fn the_python_test_runs() {
    let blocks = blocks("python");
    assert_eq!(blocks.len(), 2);
    // The first is on the real network, and waits for whoever comes.
    let mut python = Command::new("python3");
    python.arg(file_with("readme.py", &blocks[1]));
    python.env("PEERS_LIBRARY", support::shared_library());
    python.env("PYTHONPATH", support::root().join("bindings/python"));
    support::run(&mut python);
}
