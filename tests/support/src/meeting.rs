//! A watch example in another language, and the one in C: each is a process, and they find each other over loopback.

use std::io::{BufRead as _, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::{compile, free_port, key_file, output_of};

/// Reached only when something hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// Checks that two watches meet one in C, see it go, and say goodbye themselves when they are told to end.
pub fn check_meeting(example: impl Fn() -> Command) {
    let port = free_port().to_string();
    let in_c = compile(Path::new("bindings/c/examples/watch.c"));
    let mut c = Watch::start(Command::new(in_c), "in C", &port);
    let mut first = Watch::start(example(), "first", &port);
    assert_eq!(c.line(), "joined first 127.0.0.1");
    assert_eq!(first.line(), "joined in C 127.0.0.1");
    first.end();
    assert_eq!(c.line(), "left first (goodbye)");

    let mut second = Watch::start(example(), "second", &port);
    assert_eq!(c.line(), "joined second 127.0.0.1");
    assert_eq!(second.line(), "joined in C 127.0.0.1");
    c.end();
    assert_eq!(second.line(), "left in C (goodbye)");
    second.end();
}

/// Checks that a watch takes a key from a file, but from none that others may read.
pub fn check_key_files(example: impl Fn() -> Command) {
    for (bytes, mode, words) in [
        (32, 0o600, "interface \"nosuch7\" does not exist"),
        (31, 0o600, "a key has 32"),
        (33, 0o600, "a key has 32"),
        (32, 0o640, "its mode is 640"),
        (32, 0o604, "its mode is 604"),
    ] {
        let key = key_file(bytes, mode);
        // It never comes to run.
        let output = output_of(example().arg("--key-file").arg(key).args(["--interfaces", "nosuch7"]));
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains(words), "{bytes} bytes, mode {mode:o}: {told}");
        assert_eq!(output.status.code(), Some(1), "{told}");
    }
}

struct Watch {
    process: Child,
    lines: Receiver<String>,
}

impl Watch {
    fn start(mut command: Command, name: &str, port: &str) -> Watch {
        command.args(["--name", name, "--port", port, "--interfaces", "lo"]);
        let mut process = command.stdout(Stdio::piped()).spawn().expect("the example can be run");
        let output = BufReader::new(process.stdout.take().expect("its output is a pipe")).lines();
        Watch { process, lines: received(output) }
    }

    fn line(&mut self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("the example prints another line")
    }

    /// Ends it by a signal, and checks that it ends well and has nothing more to say.
    fn end(&mut self) {
        kill(Pid::from_raw(self.process.id() as i32), Signal::SIGTERM).expect("it is running");
        let rest: Vec<_> = self.lines.iter().collect();
        assert_eq!(rest, [""; 0]);
        let status = self.process.wait().expect("a child can be waited for");
        assert_eq!(status.code(), Some(0), "{status}");
    }
}

/// A test that fails leaves no process behind.
impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.process.kill(); // it has mostly ended
        let _ = self.process.wait();
    }
}

/// The lines as they come, from a thread: a read has no limit of its own.
fn received(lines: Lines<BufReader<ChildStdout>>) -> Receiver<String> {
    let (send, receive) = channel();
    thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| send.send(line)));
    receive
}
