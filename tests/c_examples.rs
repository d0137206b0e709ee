//! The examples in bindings/c/examples, and a program linked dynamically.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use peers::{Config, Event, Key, LeaveReason, Peers};
use support::{compile, compile_with, free_port, output_of, run};

const CLUSTER: &str = "watchers";

/// Reached only when something hangs.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_program_linked_dynamically_finds_the_library_by_its_soname() {
    let folder = support::scratch().join("lib");
    std::fs::create_dir_all(&folder).expect("the scratch folder can be written");
    for name in ["libpeers.so", "libpeers.so.0"] {
        let link = folder.join(name);
        let _ = std::fs::remove_file(&link); // of an earlier run
        symlink(support::shared_library(), link).expect("the scratch folder can be written");
    }
    let folder = folder.to_str().expect("the target folder's name is UTF-8");
    let arguments = ["-L", folder, "-lpeers", "-Wl,-rpath", &format!("-Wl,{folder}")].map(Into::into);
    let program = compile_with(Path::new("tests/c/abi.c"), &arguments);
    run(&mut Command::new(program));
}

#[test]
fn the_example_register_lists_and_expires() {
    let text = run(register(&mut Command::new(example("register"))));
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].starts_with("printer  tcp://192.0.2.7:631  expires in "), "{text}");
    assert_eq!(lines[1], "printer expired");
}

#[test]
fn the_example_register_refuses_wrong_arguments() {
    let output = output_of(Command::new(example("register")).args(["printer", "value", "soon"]));
    assert_eq!(output.status.code(), Some(2));
    let output = output_of(Command::new(example("register")).args(["", "value", "50"]));
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the key is empty"), "{output:?}");
}

#[test]
fn the_example_watch_tells_of_peers_until_a_signal() {
    let port = free_port();
    check_watch(port, watch(&mut Command::new(example("watch")), port));
}

/// Starts the watch, and checks what it tells of those who come and go.
fn check_watch(port: u16, watch: &mut Command) {
    let mut watch = watch.stdout(Stdio::piped()).spawn().expect("the program just compiled can be run");
    let mut lines = BufReader::new(watch.stdout.take().expect("its output is a pipe"));
    // A further address of a peer may become known at any time.
    let mut next = || loop {
        let mut line = String::new();
        lines.read_line(&mut line).expect("its output can be read");
        if !line.starts_with("updated ") {
            break line;
        }
    };
    let observer = start_node("observer", port);
    let joined = next();
    assert!(joined.starts_with("joined observer "), "{joined:?}");
    let event = observer.next_event(Some(PATIENCE)).expect("the watch is heard");
    assert!(
        matches!(&event, Event::Joined(peer) if peer.name == "watch" && peer.value == b"hello"),
        "{event:?}"
    );

    let guest = start_node("guest", port);
    let joined = next();
    assert!(joined.starts_with("joined guest "), "{joined:?}");
    guest.stop();
    assert_eq!(next(), "left guest (goodbye)\n");

    kill(Pid::from_raw(watch.id() as i32), Signal::SIGTERM).expect("it is running");
    assert_eq!(why_left(&observer, "watch"), LeaveReason::Goodbye);
    let status = watch.wait().expect("a child can be waited for");
    assert_eq!(status.code(), Some(0), "{status}");
    let mut rest = String::new();
    lines.read_to_string(&mut rest).expect("its output can be read");
    assert!(rest.lines().all(|line| line.starts_with("updated ")), "{rest}");
}

#[test]
fn the_example_watch_takes_a_key_that_only_its_owner_can_read() {
    let watch = example("watch");
    for (bytes, mode, expected) in [
        (32, 0o600, "interface \"nosuch7\" does not exist"),
        (31, 0o600, "too short: a key has 32 bytes"),
        (33, 0o600, "too long: a key has 32 bytes"),
        (32, 0o640, "others than its owner may use it"),
        (32, 0o604, "others than its owner may use it"),
    ] {
        let key = support::key_file(bytes, mode);
        // It never comes to run.
        let command = &mut Command::new(&watch);
        let output = output_of(command.arg("--key-file").arg(key).args(["--interfaces", "nosuch7"]));
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(words.contains(expected), "{bytes} bytes, mode {mode:o}: {words}");
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn the_example_watch_lists_nodes_with_its_key() {
    let port = free_port();
    let mut watch = Command::new(example("watch"));
    watch.args(["--verbose", "--name", "watch", "--port", &port.to_string(), "--key-file"]);
    watch.arg(support::key_file(32, 0o600)).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut watch = watch.spawn().expect("the program just compiled can be run");
    let sealed = Config { keys: vec![Key::new([7; 32])], port, ..Config::default() };
    let observer = Peers::start(sealed).expect("a node starts");
    let event = observer.next_event(Some(PATIENCE)).expect("the watch is heard");
    assert!(matches!(&event, Event::Joined(peer) if peer.name == "watch"), "{event:?}");

    kill(Pid::from_raw(watch.id() as i32), Signal::SIGTERM).expect("it is running");
    assert_eq!(why_left(&observer, "watch"), LeaveReason::Goodbye);
    let mut log = String::new();
    watch.stderr.take().expect("it is a pipe").read_to_string(&mut log).expect("it can be read");
    assert_eq!(watch.wait().expect("a child can be waited for").code(), Some(0));
    let start = format!("info: started \"watch\": 239.2.3.4:{port} and [ff12::ef02:304]:{port}, sealed, on ");
    assert!(log.starts_with(&start), "{log}");
    assert!(log.ends_with("info: stopped\n"), "{log}");
}

#[test]
fn the_example_watch_refuses_wrong_arguments() {
    let watch = example("watch");
    for wrong in [["--port", "65536"], ["--port", "-1"], ["--expiry", "1s"], ["--colour", "red"]] {
        let output = output_of(Command::new(&watch).args(wrong));
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {output:?}");
    }
    let output = output_of(Command::new(&watch).args(["--interfaces", "nosuch7"]));
    assert_eq!(output.status.code(), Some(1));
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.contains("watch: peers_start: interface \"nosuch7\" does not exist"), "{words}");
}

fn example(name: &str) -> PathBuf {
    compile(Path::new(&format!("bindings/c/examples/{name}.c")))
}

fn register(command: &mut Command) -> &mut Command {
    command.args(["printer", "tcp://192.0.2.7:631", "50"])
}

fn watch(command: &mut Command, port: u16) -> &mut Command {
    command.args(["--name", "watch", "--cluster", CLUSTER, "--value", "hello", "--port", &port.to_string()])
}

/// A node in the cluster that the watch is started in.
fn start_node(name: &str, port: u16) -> Peers {
    let config = Config { name: Some(name.into()), cluster: CLUSTER.into(), port, ..Config::default() };
    Peers::start(config).expect("a node starts")
}

/// Takes events until the peer of this name leaves.
fn why_left(node: &Peers, name: &str) -> LeaveReason {
    loop {
        match node.next_event(Some(PATIENCE)).expect("the peer leaves") {
            Event::Left(peer, reason) if peer.name == name => return reason,
            _ => continue,
        }
    }
}
