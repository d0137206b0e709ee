//! What the tests of the C ABI share: where the libraries just built are, and how C programs are made and run.

pub mod cases;
pub mod meeting;
pub mod program;
pub mod venv;
pub mod world;

use std::ffi::OsString;
use std::fs::Permissions;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;
use std::{env, fs, process, thread};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A program that runs for longer hangs. The longest take seconds; valgrind and a busy machine make it more.
const LIMIT: Duration = Duration::from_secs(300);

/// What every C program is compiled with: no compiler may have anything to say.
const STRICT: [&str; 5] = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic"];

/// The folder of the project.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The text of a file of the project.
pub fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The libpeers.so that belongs to this run of the tests.
pub fn shared_library() -> PathBuf {
    newest("libpeers.so")
}

/// The libpeers.a that belongs to this run of the tests.
pub fn static_library() -> PathBuf {
    newest("libpeers.a")
}

/// A port that no program has. The system gives none of these to a socket without a port, so the port stays free.
pub fn free_port() -> u16 {
    static TAKEN: AtomicUsize = AtomicUsize::new(0);
    loop {
        let number = process::id() as usize * 101 + TAKEN.fetch_add(1, Ordering::Relaxed);
        let port = 10_000 + (number % 20_000) as u16;
        if std::net::UdpSocket::bind(("0.0.0.0", port)).is_ok() {
            return port;
        }
    }
}

/// An example program, which `cargo test` builds before it runs the tests.
pub fn example(name: &str) -> PathBuf {
    let test = env::current_exe().expect("the test finds itself");
    let profile = test.ancestors().nth(2).expect("the test lies in the deps folder of its build");
    let program = profile.join("examples").join(name);
    assert!(program.is_file(), "{} is missing; cargo build --examples makes it", program.display());
    program
}

/// Cargo builds a library in target/PROFILE/deps, where this test is too, and may link it to target/PROFILE; what an
/// earlier build of another kind left in one of them is older.
fn newest(library: &str) -> PathBuf {
    let test = env::current_exe().expect("the test finds itself");
    let built_at = |path: &PathBuf| fs::metadata(path).and_then(|file| file.modified()).ok();
    let candidates = test.ancestors().skip(1).take(2).map(|folder| folder.join(library));
    candidates
        .filter(|path| path.is_file())
        .max_by_key(built_at)
        .unwrap_or_else(|| panic!("no {library} beside {} or in the folder above", test.display()))
}

/// A folder for this test's own files, emptied before by nobody.
pub fn scratch() -> PathBuf {
    let test = env::current_exe().expect("the test finds itself");
    // target/PROFILE/deps/TEST-HASH
    let target = test.ancestors().nth(3).expect("the test lies in the deps folder of its build");
    let folder = target.join("tmp").join(test.file_stem().expect("a test has a name"));
    fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    folder
}

/// A file of the scratch folder with so many bytes, and with this mode.
pub fn key_file(bytes: usize, mode: u32) -> PathBuf {
    let path = scratch().join(format!("key-{bytes}-{mode:o}"));
    // Another test may use the same file.
    let unfinished = path.with_extension(process::id().to_string());
    fs::write(&unfinished, vec![7; bytes]).expect("the scratch folder can be written");
    fs::set_permissions(&unfinished, Permissions::from_mode(mode)).expect("a file's owner may do that");
    fs::rename(unfinished, &path).expect("the scratch folder can be written");
    path
}

/// Compiles a C program strictly and links libpeers.a into it. Returns the program.
pub fn compile(source: &Path) -> PathBuf {
    compile_with(source, &[static_library().into(), "-lpthread".into(), "-ldl".into(), "-lm".into()])
}

/// Compiles a C program strictly, with these arguments to find the library. Returns the program. It is compiled once for
/// all tests, and again when the source, a header or the library has changed.
pub fn compile_with(source: &Path, library: &[OsString]) -> PathBuf {
    static COMPILED: AtomicUsize = AtomicUsize::new(0);
    let source = root().join(source);
    let stem = source.file_stem().expect("a source has a name").to_string_lossy();
    let mut hasher = DefaultHasher::new();
    (&source, library).hash(&mut hasher);
    let program = scratch().join(format!("{stem}-{:016x}", hasher.finish()));
    if is_newer(&program, &inputs(&source, library)) {
        return program;
    }
    // Tests run at once, in threads or in processes, and two of them may compile the same source.
    let unfinished =
        program.with_extension(format!("{}-{}", process::id(), COMPILED.fetch_add(1, Ordering::Relaxed)));
    let mut compiler = Command::new(env::var_os("CC").unwrap_or_else(|| "cc".into()));
    compiler.args(STRICT).args(["-D_GNU_SOURCE", "-g", "-I"]).arg(root().join("include"));
    run(compiler.arg(&source).args(library).arg("-o").arg(&unfinished));
    fs::rename(&unfinished, &program).expect("the scratch folder can be written");
    program
}

/// The files that a C program is made of: its source, the headers beside it, the library and its header.
fn inputs(source: &Path, library: &[OsString]) -> Vec<PathBuf> {
    let beside = fs::read_dir(source.parent().expect("a source lies in a folder")).expect("it can be read");
    let beside = beside.map(|entry| entry.expect("it can be read").path());
    let headers = beside.filter(|path| path.extension().is_some_and(|extension| extension == "h"));
    let libraries = library.iter().map(PathBuf::from).filter(|path| path.is_file());
    headers.chain(libraries).chain([source.to_owned(), root().join("include/peers.h")]).collect()
}

fn is_newer(program: &Path, inputs: &[PathBuf]) -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
    modified(program)
        .is_some_and(|made| inputs.iter().all(|input| modified(input).is_some_and(|it| it < made)))
}

/// Compiles a header alone, as `language` ("c" or "c++"), with a use of it that `source` makes.
pub fn check_syntax(compiler: &str, language: &str, standard: &str, source: &str) {
    let file = scratch().join(format!("use.{language}"));
    fs::write(&file, source).expect("the scratch folder can be written");
    let mut command = Command::new(compiler);
    command.arg("-x").arg(language).args(&STRICT[1..]).arg(format!("-std={standard}"));
    run(command.args(["-fsyntax-only", "-I"]).arg(root().join("include")).arg(file));
}

/// Runs a program that has to end well, and returns what it printed. If it fails, or runs for too long, so does the
/// test, with its words.
pub fn run(command: &mut Command) -> String {
    let output = output_of(command);
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(output.status.success(), "{command:?}: {}\n{text}", output.status);
    text
}

/// Runs a program within the limit.
pub fn output_of(command: &mut Command) -> Output {
    output_within(LIMIT, command)
}

/// Runs a program. If it is still running after `limit`, it is killed and the test fails.
pub fn output_within(limit: Duration, command: &mut Command) -> Output {
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = spawned.unwrap_or_else(|error| match error.kind() {
        ErrorKind::NotFound => {
            panic!("{:?} is not installed, and this test needs it ({command:?})", command.get_program())
        }
        _ => panic!("{command:?}: {error}"),
    });
    let pid = Pid::from_raw(child.id().try_into().expect("a process id is a pid_t"));
    let (ended, end) = channel();
    let waiter = thread::spawn(move || {
        let output = child.wait_with_output();
        let _ = ended.send(());
        output
    });
    let is_late = end.recv_timeout(limit).is_err();
    if is_late {
        // It may end at this very moment; then there is nothing to kill.
        let _ = kill(pid, Signal::SIGKILL);
    }
    let output = waiter.join().expect("waiting does not panic").expect("a child can be waited for");
    assert!(!is_late, "{command:?} was still running after {limit:?}; it had said:\n{output:?}");
    output
}

/// True if the tool can be run. If it cannot, the test is skipped: that is said under its name.
pub fn has_tool(tool: &str, test: &str) -> bool {
    let found = Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let is_there = found.is_ok();
    if !is_there {
        skip(test, &format!("{tool} is not installed"));
    }
    is_there
}

/// Says that a test does not run on this machine, and why. Where all tests have to run, that is a failure.
pub fn skip(test: &str, reason: &str) {
    let must_run = env::var_os("PEERS_REQUIRE_ALL_TESTS").is_some_and(|value| value == "1");
    assert!(!must_run, "{test} has to run (PEERS_REQUIRE_ALL_TESTS=1), but {reason}");
    // Not eprintln, which the test harness captures: a test that passes without having run should be seen.
    let _ = std::io::stderr().write_all(format!("skipped {test}: {reason}\n").as_bytes());
}
