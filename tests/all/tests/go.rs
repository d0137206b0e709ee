//! The Go package: its own tests, and its example beside the one in C.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use support::cases::{self, Trial};
use support::{root, run, scratch, shared_library, skip};

/// Go, and what cgo needs.
const TOOLS: &[&str] = &["go", "cc", "pkg-config"];

fn main() {
    let mut tests = support::tests![
        TOOLS,
        vet_and_gofmt_have_nothing_to_say,
        the_program_in_the_readme_compiles,
        the_tasks_of_the_package_run,
        a_loop_of_newer_go_takes_no_more_than_it_sees,
        the_example_and_the_one_in_c_find_each_other,
        the_example_takes_a_key_that_only_its_owner_can_read,
    ];
    tests.extend(["errors", "events", "idioms", "node"].into_iter().flat_map(cases_of));
    cases::run(tests)
}

/// The tests of a file of the package, with the race detector.
fn cases_of(file: &str) -> impl Iterator<Item = Trial> {
    let names = cases::listed(format!("bindings/go/{file}_test.go"), "func Test", "(").into_iter();
    names.map(|name| {
        cases::test_with(TOOLS, format!("Test{name}"), move || {
            let mut test = Command::new(tests());
            test.current_dir(package()).env("LD_LIBRARY_PATH", prefix().join("lib"));
            let report = run(test.args(["-test.v", &format!("-test.run=^Test{name}$")]));
            assert!(report.contains(&format!("--- PASS: Test{name}")), "{report}");
        })
    })
}

/// The tests of the package, compiled once.
fn tests() -> &'static Path {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
        let program = scratch().join("peers.test");
        compile(go().args(["test", "-race", "-c", "-o"]).arg(&program).arg("."));
        program
    });
    &PROGRAM
}

fn vet_and_gofmt_have_nothing_to_say() {
    assert_eq!(run(go().args(["vet", "./..."])), "");
    assert_eq!(run(Command::new("gofmt").arg("-l").arg(package())), "");
}

fn the_program_in_the_readme_compiles() {
    run(in_module("readme", &peers_all_tests::readme("go")).args(["vet", "."]));
}

fn the_tasks_of_the_package_run() {
    let mut go = in_module("tasks", &peers_all_tests::tasks("bindings/go/README.md", "go"));
    compile(go.args(["run", "."]).env("LD_LIBRARY_PATH", prefix().join("lib")));
}

/// Sequences need Go 1.23. All else needs no more than the Go of Debian, with which the other tests run.
fn a_loop_of_newer_go_takes_no_more_than_it_sees() {
    let newer = root().join("target/tools/newer-go/go/bin/go");
    if !newer.exists() {
        return skip(
            "a_loop_of_newer_go_takes_no_more_than_it_sees",
            ".ci/setup installs a newer Go in target/tools",
        );
    }
    let report = run(in_package(Command::new(newer)).args(["test", "-v", "-run", "^TestALoop", "."]));
    assert!(report.contains("--- PASS: TestALoop"), "{report}");
}

/// The go command, in the folder of a module of its own that has this program.
fn in_module(name: &str, program: &str) -> Command {
    let folder = scratch().join(name);
    fs::create_dir_all(&folder).expect("the scratch folder can be written");
    fs::write(folder.join("main.go"), program).expect("the folder can be written");
    let package = package();
    let path = "github.com/libpeers/libpeers/bindings/go";
    let module = format!("module app\n\nrequire {path} v0.1.0\n\nreplace {path} => {}\n", package.display());
    fs::write(folder.join("go.mod"), module).expect("the folder can be written");
    let mut go = go();
    go.current_dir(folder);
    go
}

fn the_example_and_the_one_in_c_find_each_other() {
    support::meeting::check_meeting(example);
}

fn the_example_takes_a_key_that_only_its_owner_can_read() {
    support::meeting::check_key_files(example);
}

/// Runs a command that compiles what Go itself has for this machine, too, if that is not cached.
fn compile(go: &mut Command) {
    let output = peers_all_tests::build(go);
    assert!(output.status.success(), "{go:?}: {output:?}");
}

fn package() -> PathBuf {
    root().join("bindings/go")
}

/// The go command, in the package's folder. It asks no server for anything.
fn go() -> Command {
    in_package(Command::new("go"))
}

fn in_package(mut go: Command) -> Command {
    go.current_dir(package())
        .env("GOPROXY", "off")
        .env("GOFLAGS", "-mod=readonly -buildvcs=false")
        .env("CGO_ENABLED", "1");
    go.env("PKG_CONFIG_PATH", prefix().join("lib/pkgconfig")).env("LD_LIBRARY_PATH", prefix().join("lib"));
    go
}

/// The example, compiled once.
fn example() -> Command {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
        let program = scratch().join("watch");
        compile(go().args(["build", "-o"]).arg(&program).arg("./examples/watch"));
        program
    });
    let mut example = Command::new(PROGRAM.as_path());
    example.env("LD_LIBRARY_PATH", prefix().join("lib"));
    example
}

/// A prefix in which the library just built is installed.
fn prefix() -> &'static Path {
    static PREFIX: LazyLock<PathBuf> = LazyLock::new(|| {
        let prefix = scratch().join("prefix");
        let _ = fs::remove_dir_all(&prefix); // of an earlier run
        let library = prefix.join("lib");
        fs::create_dir_all(library.join("pkgconfig")).expect("the scratch folder can be written");
        for name in ["libpeers.so", "libpeers.so.0"] {
            symlink(shared_library(), library.join(name)).expect("the scratch folder can be written");
        }
        symlink(root().join("include"), prefix.join("include")).expect("the scratch folder can be written");
        let description = "\
            Name: peers\nDescription: the library just built\nVersion: 0\n\
            Cflags: -I${pcfiledir}/../../include\nLibs: -L${pcfiledir}/.. -lpeers\n";
        fs::write(library.join("pkgconfig/peers.pc"), description)
            .expect("the scratch folder can be written");
        prefix
    });
    &PREFIX
}
