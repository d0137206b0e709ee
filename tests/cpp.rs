//! bindings/cpp: the header leaves nothing of peers.h out, its tests pass, and its example finds a node in C.

// What it shares with the tests of a network, of which it needs a part.
#[allow(dead_code, clippy::disallowed_methods)]
use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, OnceLock};
use std::{env, fs};

use nix::sys::signal::Signal;
use support::program::Program;
use support::{compile, free_port, has_tool, output_of, read, root, run, scratch, skip};

const STRICT: [&str; 6] = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"];
const SANITIZED: [&str; 3] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g1"];

/// The C++ compiler, unless there is none: then the test is skipped.
fn compiler(test: &str) -> Option<String> {
    let compiler = env::var("CXX").unwrap_or_else(|_| "c++".into());
    has_tool(&compiler, test).then_some(compiler)
}

/// A strict compiler of C++ for what includes peers.hpp.
fn strict(compiler: &str, standard: &str) -> Command {
    let mut command = Command::new(compiler);
    command.args(STRICT).arg(standard);
    command.arg("-I").arg(root().join("bindings/cpp")).arg("-I").arg(root().join("include"));
    command
}

/// Compiles a program, and links it with the shared library.
fn build<S: AsRef<OsStr>>(mut compiler: Command, sources: &[S], name: &str) -> PathBuf {
    let program = scratch().join(name);
    let library = shared_library();
    let folder = library.parent().expect("it lies in one").display();
    run(compiler.args(sources).arg("-o").arg(&program).arg(library).arg(format!("-Wl,-rpath,{folder}")));
    program
}

/// The shared library under its soname, by which programs look for it.
fn shared_library() -> &'static Path {
    static LINK: LazyLock<PathBuf> = LazyLock::new(|| {
        let link = scratch().join("libpeers.so.0");
        let _ = fs::remove_file(&link); // of an earlier run
        symlink(support::shared_library(), &link).expect("the scratch folder can be written");
        link
    });
    &LINK
}

#[test]
fn every_call_and_constant_of_the_c_header_is_used() {
    let (c, cpp) = (without_comments("include/peers.h"), without_comments("bindings/cpp/peers.hpp"));
    let used: HashSet<&str> = words(&cpp).collect();
    let names: Vec<&str> = words(&c).filter(|word| is_call_or_constant(word)).collect();
    assert!(names.contains(&"peers_event_fd") && names.contains(&"PEERS_REASON_NOT_RECEIVING"), "{names:?}");
    let missing: Vec<_> = names.iter().filter(|name| !used.contains(*name)).collect();
    assert!(missing.is_empty(), "bindings/cpp/peers.hpp does not use {missing:?}");
}

#[test]
fn every_field_of_the_c_header_is_used() {
    let (c, cpp) = (without_comments("include/peers.h"), without_comments("bindings/cpp/peers.hpp"));
    // By the names that the structs of C go by there.
    let accesses = ["raw.", "record.", "event_->", "taken->", "snapshot->"];
    let used: HashSet<&str> = accesses
        .iter()
        .flat_map(|access| cpp.split(access).skip(1))
        .filter_map(|rest| words(rest).next())
        .collect();
    let fields: Vec<&str> = c.lines().filter_map(field).collect();
    assert!(
        fields.contains(&"service_port") && fields.contains(&"id") && fields.contains(&"detail"),
        "{fields:?}"
    );
    let missing: Vec<_> = fields.iter().filter(|field| !used.contains(*field)).collect();
    assert!(missing.is_empty(), "bindings/cpp/peers.hpp does not use {missing:?}");
}

/// The lines without what is in comments, each of which has its lines for itself or ends one.
fn without_comments(path: &str) -> String {
    let mut is_comment = false;
    let mut code = |line: &str| {
        let was_comment = is_comment || line.trim_start().starts_with("/*");
        is_comment = was_comment && !line.contains("*/");
        let code = line.split("//").next().filter(|_| !was_comment);
        code.unwrap_or_default().trim_end().to_owned() + "\n"
    };
    read(path).lines().map(&mut code).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
}

fn is_call_or_constant(word: &str) -> bool {
    let is_call = word.starts_with("peers_") && !word.ends_with("_t") && word != "peers_log_fn";
    let is_constant = word.starts_with("PEERS_") && !word.starts_with("PEERS_VERSION") && word != "PEERS_H";
    is_call || is_constant
}

/// The field that a line of the C header declares, but for those that say how large something is.
fn field(line: &str) -> Option<&str> {
    let declaration = line.strip_prefix("    ")?.strip_suffix(';').filter(|it| !it.contains(['(', ')']))?;
    let name = declaration.split('[').next()?.rsplit([' ', '*']).next()?;
    (!["struct_size", "stride", "records"].contains(&name)).then_some(name)
}

#[test]
fn it_defines_no_macro() {
    let header = read("bindings/cpp/peers.hpp");
    let defined: Vec<_> = header.lines().filter(|line| line.trim_start().starts_with("#define")).collect();
    assert!(defined.is_empty(), "{defined:?}");
}

/// The program of bindings/cpp/tests, made by this compiler.
fn tests(compiler: Command, name: &str) -> PathBuf {
    let folder = root().join("bindings/cpp/tests");
    let sources = ["main", "configuration", "records", "lifetimes"]
        .map(|source| folder.join(source).with_extension("cpp"));
    build(compiler, &sources, name)
}

#[test]
fn its_tests_pass_as_cpp_17_under_sanitizers() {
    let test = "its_tests_pass_as_cpp_17_under_sanitizers";
    let Some(name) = compiler(test) else { return };
    let mut compiler = strict(&name, "-std=c++17");
    match has_sanitizers(&name) {
        true => drop(compiler.args(SANITIZED)),
        false => skip(test, &format!("{name} has no sanitizers; it runs without")),
    }
    run(&mut Command::new(tests(compiler, "tests-17")));
}

fn has_sanitizers(compiler: &str) -> bool {
    let nothing = scratch().join("nothing.cpp");
    fs::write(&nothing, "int main() {}\n").expect("the scratch folder can be written");
    let mut trial = Command::new(compiler);
    output_of(trial.args(SANITIZED).arg(&nothing).arg("-o").arg(scratch().join("nothing"))).status.success()
}

#[test]
fn its_tests_pass_as_cpp_20_without_rtti_by_clang() {
    if has_tool("clang++", "its_tests_pass_as_cpp_20_without_rtti_by_clang") {
        let mut compiler = strict("clang++", "-std=c++20");
        compiler.arg("-fno-rtti");
        run(&mut Command::new(tests(compiler, "tests-20")));
    }
}

/// The example, compiled once for all tests.
fn example(compiler: &str) -> &'static Path {
    static WATCH: OnceLock<PathBuf> = OnceLock::new();
    let source = root().join("bindings/cpp/examples/watch.cpp");
    WATCH.get_or_init(|| build(strict(compiler, "-std=c++17"), &[source], "watch"))
}

#[test]
fn the_example_watch_and_one_in_c_find_and_lose_each_other() {
    let Some(compiler) = compiler("the_example_watch_and_one_in_c_find_and_lose_each_other") else { return };
    let port = free_port().to_string();
    let start = |program: &Path, name| {
        let mut command = Command::new(program);
        Program::start(command.args(["--name", name, "--interfaces", "lo", "--port", &port]))
    };
    let mut cpp = start(example(&compiler), "cpp");
    let c_watch = compile(Path::new("bindings/c/examples/watch.c"));
    let mut c = start(&c_watch, "c");
    cpp.expect(["joined c 127.0.0.1"]);
    c.expect(["joined cpp 127.0.0.1"]);

    c.signal(Signal::SIGTERM);
    cpp.expect(["left c (goodbye)"]);
    let mut c = start(&c_watch, "c again");
    c.expect(["joined cpp 127.0.0.1"]);
    cpp.signal(Signal::SIGINT);
    c.expect(["left cpp (goodbye)"]);
}

#[test]
fn the_example_watch_refuses_wrong_arguments() {
    let Some(compiler) = compiler("the_example_watch_refuses_wrong_arguments") else { return };
    let watch = example(&compiler);
    for (arguments, code, words) in [
        (["--port", "1x"], 2, "--port 1x: a number from 0 to 4294967295 is needed"),
        (["--colour", "red"], 2, "--colour: there is no such option"),
        (["--verbose", "--name"], 2, "--name has no value"),
        (["--interfaces", "nosuch7"], 1, "watch: interface 'nosuch7' does not exist"),
    ] {
        let output = output_of(Command::new(watch).args(arguments));
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains(words), "{arguments:?}: {told}");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    }
}

#[test]
fn the_program_in_the_readme_compiles() {
    let Some(compiler) = compiler("the_program_in_the_readme_compiles") else { return };
    let readme = read("README.md");
    let program = readme.split("```cpp\n").nth(1).and_then(|rest| rest.split("```").next());
    let source = scratch().join("readme.cpp");
    fs::write(&source, program.expect("there is one")).expect("the scratch folder can be written");
    run(strict(&compiler, "-std=c++17").arg("-fsyntax-only").arg(source));
}
