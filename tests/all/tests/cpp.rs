//! bindings/cpp: the header leaves nothing of peers.h out, its tests pass, and its example finds a node in C.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use nix::sys::signal::Signal;
use support::cases;
use support::program::Program;
use support::{compile, free_port, output_of, read, root, run, scratch};

const STRICT: [&str; 6] = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"];
const SANITIZED: [&str; 3] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g1"];

fn main() {
    let mut tests = support::tests![
        &[],
        every_call_and_constant_of_the_c_header_is_used,
        every_field_of_the_c_header_is_used,
        it_defines_no_macro,
    ];
    tests.extend(support::tests![
        &["c++"],
        the_example_watch_and_one_in_c_find_and_lose_each_other,
        the_example_watch_refuses_wrong_arguments,
        the_program_in_the_readme_compiles,
        the_tasks_of_the_package_run,
    ]);
    let names = ["configuration", "records", "lifetimes"]
        .iter()
        .flat_map(|file| cases::listed(format!("bindings/cpp/tests/{file}.cpp"), "CASE(", "),"));
    for name in names {
        // C++ 17 has no options by name.
        if name != "options_can_be_given_by_name" {
            let case = name.clone();
            tests.push(cases::test_with(&["c++"], format!("cpp_17_sanitized::{name}"), move || {
                run(Command::new(sanitized()).arg(case));
            }));
        }
        tests.push(cases::test_with(
            &["clang++"],
            format!("cpp_20_without_rtti_by_clang::{name}"),
            move || {
                run(Command::new(without_rtti()).arg(name));
            },
        ));
    }
    cases::run(tests)
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

fn every_call_and_constant_of_the_c_header_is_used() {
    let (c, cpp) = (without_comments("include/peers.h"), without_comments("bindings/cpp/peers.hpp"));
    let used: HashSet<&str> = words(&cpp).collect();
    let names: Vec<&str> = words(&c).filter(|word| is_call_or_constant(word)).collect();
    assert!(names.contains(&"peers_event_fd") && names.contains(&"PEERS_REASON_NOT_RECEIVING"), "{names:?}");
    let missing: Vec<&str> = names.into_iter().filter(|name| !used.contains(name)).collect();
    assert_eq!(missing, [""; 0]);
}

fn every_field_of_the_c_header_is_used() {
    let (c, cpp) = (without_comments("include/peers.h"), without_comments("bindings/cpp/peers.hpp"));
    // By the names that the structs of C go by there.
    let accesses = ["raw.", "record.", "event_->", "taken->", "snapshot->", "snapshot_->"];
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
    let missing: Vec<&str> = fields.into_iter().filter(|field| !used.contains(field)).collect();
    assert_eq!(missing, [""; 0]);
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

/// The tests as C++ 17 with sanitizers.
fn sanitized() -> &'static Path {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
        let mut compiler = strict("c++", "-std=c++17");
        compiler.args(SANITIZED);
        tests(compiler, "tests-17")
    });
    &PROGRAM
}

/// The tests as C++ 20 without run-time type information.
fn without_rtti() -> &'static Path {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
        let mut compiler = strict("clang++", "-std=c++20");
        compiler.arg("-fno-rtti");
        tests(compiler, "tests-20")
    });
    &PROGRAM
}

/// The example, compiled once for all tests.
fn example() -> &'static Path {
    static WATCH: LazyLock<PathBuf> = LazyLock::new(|| {
        let source = root().join("bindings/cpp/examples/watch.cpp");
        build(strict("c++", "-std=c++17"), &[source], "watch")
    });
    &WATCH
}

fn the_example_watch_and_one_in_c_find_and_lose_each_other() {
    let port = free_port().to_string();
    let start = |program: &Path, name| {
        let mut command = Command::new(program);
        Program::start(command.args(["--name", name, "--interfaces", "lo", "--port", &port]))
    };
    let mut cpp = start(example(), "cpp");
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

fn the_example_watch_refuses_wrong_arguments() {
    let watch = example();
    for (arguments, code, words) in [
        (["--port", "1x"], 2, "--port 1x: a number from 0 to 4294967295 is needed"),
        (["--colour", "red"], 2, "--colour: there is no such option"),
        (["--verbose", "--name"], 2, "--name has no value"),
        (["--interfaces", "nosuch7"], 1, "watch: peers_start: interface \"nosuch7\" does not exist"),
    ] {
        let output = output_of(Command::new(watch).args(arguments));
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains(words), "{arguments:?}: {told}");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    }
}

fn the_tasks_of_the_package_run() {
    let source = scratch().join("tasks.cpp");
    fs::write(&source, peers_all_tests::tasks("bindings/cpp/README.md", "cpp"))
        .expect("the scratch folder can be written");
    run(&mut Command::new(build(strict("c++", "-std=c++17"), &[source], "tasks")));
}

fn the_program_in_the_readme_compiles() {
    let source = scratch().join("readme.cpp");
    fs::write(&source, peers_all_tests::readme("cpp")).expect("the scratch folder can be written");
    run(strict("c++", "-std=c++17").arg("-fsyntax-only").arg(source));
}
