//! bindings/java: its declarations are those of peers.h, its tests pass, and its example finds a node in C.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::{env, fs};

use nix::sys::signal::Signal;
use support::cases;
use support::program::Program;
use support::{compile, free_port, output_of, read, root, run, scratch, shared_library};

const DECLARATIONS: &str = "bindings/java/src/main/java/peers/Libpeers.java";

/// The package is compiled with this in its class path, and run. Another place can be given as JNA_JAR.
const JNA_OF_DEBIAN: &str = "/usr/share/java/jna.jar";

const TOOLS: &[&str] = &["javac", "java"];

fn main() {
    let mut tests = support::tests![
        &[],
        its_constants_are_those_of_the_c_header,
        its_version_is_the_librarys,
        its_structs_are_those_of_the_c_header,
    ];
    tests.extend(support::tests![
        TOOLS,
        the_example_watch_and_one_in_c_find_and_lose_each_other,
        the_program_in_the_readme_compiles,
        the_tasks_of_the_package_run,
    ]);
    let cases = cases::listed("bindings/java/src/test/java/peers/NodeTest.java", "CASES.put(\"", "\"");
    tests.extend(cases.into_iter().map(|case| {
        cases::test_with(TOOLS, format!("NodeTest::{case}"), || {
            run(package().java("peers.NodeTest").arg(case));
        })
    }));
    cases::run(tests)
}

fn its_constants_are_those_of_the_c_header() {
    let declared = |path: &str, start: &str, end: &str| -> Vec<String> {
        let constants = read(path);
        let constants =
            constants.lines().filter_map(|line| line.trim().strip_prefix(start)?.strip_suffix(end));
        let numbers = constants.map(|it| it.replace(" = ", " ")).filter(|it| it.starts_with("PEERS_"));
        numbers.filter(|it| it.rsplit(' ').next().is_some_and(|it| it.parse::<i32>().is_ok())).collect()
    };
    let mut c = declared("include/peers.h", "#define ", "");
    c.retain(|constant| !constant.starts_with("PEERS_VERSION"));
    assert!(c.len() > 40, "not every constant was found: {c:?}");
    assert_eq!(declared(DECLARATIONS, "int ", ";"), c);
}

fn its_version_is_the_librarys() {
    let pom = read("bindings/java/pom.xml");
    assert_eq!(between(&pom, "<artifactId>peers</artifactId>\n  <version>", "<"), env!("CARGO_PKG_VERSION"));
}

fn its_structs_are_those_of_the_c_header() {
    let (c, java) = (read("include/peers.h"), read(DECLARATIONS));
    for name in ["peers_config_t", "peers_peer_t", "peers_list_t", "peers_event_t", "peers_health_t"] {
        let fields = c_fields(&c, name);
        assert!(fields.len() >= 3, "not every field of {name} was found: {fields:?}");
        assert_eq!(java_fields(&java, name), fields, "{name}");
    }
}

/// The fields of a C struct, as Java declares them.
fn c_fields(header: &str, name: &str) -> Vec<String> {
    let body = between(header, &format!("typedef struct {name} {{"), &format!("}} {name};"));
    let fields = body.lines().filter_map(|line| line.strip_prefix("    ")?.strip_suffix(';'));
    fields.filter(|line| !line.starts_with(" *")).map(java_field).collect()
}

fn java_field(declaration: &str) -> String {
    let (kind, name) = declaration.rsplit_once(' ').expect("a field has a type");
    let (name, pointer) = (name.trim_start_matches('*'), name.starts_with('*'));
    let kind = match kind {
        _ if pointer => "Pointer",
        "size_t" => "SizeT",
        "uint64_t" => "long",
        "uint32_t" => "int",
        "uint16_t" => "short",
        "uint8_t" | "char" => "byte",
        other => other,
    };
    match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
        Some((name, length)) => format!("{kind}[{length}] {name}"),
        None => format!("{kind} {name}"),
    }
}

/// The fields of JNA's struct, in the order in which it lays them out.
fn java_fields(java: &str, name: &str) -> Vec<String> {
    let (before, body) =
        java.split_once(&format!("final class {name} extends Structure {{")).expect("it is there");
    let order = before.rsplit("@FieldOrder({").next().expect("a split has a last part");
    let fields = body.lines().take_while(|line| *line != "    }");
    let fields: Vec<_> =
        fields.filter_map(|line| line.trim().strip_prefix("public ")?.strip_suffix(';')).collect();
    order.split('"').skip(1).step_by(2).map(|name| declaration_of(name, &fields)).collect()
}

fn declaration_of(name: &str, fields: &[&str]) -> String {
    let declares = |field: &&&str| field.split(' ').nth(1) == Some(name);
    let field = fields.iter().find(declares).unwrap_or_else(|| panic!("{name} is not declared"));
    match field.split_once("[] ") {
        Some((kind, _)) => format!("{kind}[{}] {name}", between(field, &format!("new {kind}["), "]")),
        None => field.split(" = ").next().expect("a split has a first part").to_owned(),
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let rest = text.split_once(start).unwrap_or_else(|| panic!("{start:?} is not there")).1;
    rest.split_once(end).unwrap_or_else(|| panic!("{end:?} is not there")).0
}

/// The package with its tests and its example, compiled once for all tests.
fn package() -> &'static Package {
    static PACKAGE: LazyLock<Package> = LazyLock::new(|| {
        let jna = env::var_os("JNA_JAR").map_or_else(|| PathBuf::from(JNA_OF_DEBIAN), PathBuf::from);
        assert!(
            jna.is_file(),
            "JNA is not at {} (Debian: libjna-java); JNA_JAR names another place",
            jna.display()
        );
        Package::compile(&jna)
    });
    &PACKAGE
}

struct Package {
    class_path: OsString,
}

impl Package {
    fn compile(jna: &Path) -> Package {
        let classes = scratch().join("classes");
        let mut javac = Command::new("javac");
        javac.args(["-Xlint:all", "-Xdoclint:all,-missing", "-Werror", "--release", "17", "-cp"]).arg(jna);
        for folder in ["src/main/java/peers", "src/test/java/peers", "examples"] {
            javac.args(sources(&root().join("bindings/java").join(folder)));
        }
        run(javac.arg("-d").arg(&classes));
        Package { class_path: env::join_paths([&classes, jna]).expect("no folder has a colon") }
    }

    fn java(&self, class: &str) -> Command {
        let library = shared_library();
        let mut folder = OsString::from("-Djna.library.path=");
        folder.push(library.parent().expect("it lies in one"));
        let mut java = Command::new("java");
        java.arg("-Xcheck:jni").arg(folder).arg("-cp").arg(&self.class_path).arg(class);
        java
    }
}

fn the_tasks_of_the_package_run() {
    let source = scratch().join("Tasks.java");
    fs::write(&source, peers_all_tests::tasks("bindings/java/README.md", "java"))
        .expect("the scratch folder can be written");
    run(&mut package().java(source.to_str().expect("the folder's name is UTF-8")));
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    files.map(|file| file.expect("the folder can be read").path()).collect()
}

fn the_example_watch_and_one_in_c_find_and_lose_each_other() {
    let package = package();
    let port = free_port().to_string();
    let start = |command: &mut Command, name| {
        Program::start(command.args(["--name", name, "--interfaces", "lo", "--port", &port]))
    };
    let c_watch = compile(Path::new("bindings/c/examples/watch.c"));
    let mut java = start(&mut package.java("Watch"), "java");
    let mut c = start(&mut Command::new(&c_watch), "c");
    java.expect(["joined c 127.0.0.1"]);
    c.expect(["joined java 127.0.0.1"]);

    c.signal(Signal::SIGTERM);
    java.expect(["left c (goodbye)"]);
    let mut c = start(&mut Command::new(&c_watch), "c again");
    c.expect(["joined java 127.0.0.1"]);
    java.signal(Signal::SIGTERM);
    c.expect(["left java (goodbye)"]);

    let output = output_of(package.java("Watch").args(["--interfaces", "nosuch7"]));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("Watch: peers_start: interface \"nosuch7\" does not exist"), "{told}");
    assert_eq!(output.status.code(), Some(1));
}

fn the_program_in_the_readme_compiles() {
    let package = package();
    let folder = scratch().join("readme");
    fs::create_dir_all(&folder).expect("the scratch folder can be written");
    let source = folder.join("App.java");
    fs::write(&source, peers_all_tests::readme("java")).expect("the scratch folder can be written");
    run(Command::new("javac").arg("-cp").arg(&package.class_path).arg("-d").arg(folder).arg(source));
}
