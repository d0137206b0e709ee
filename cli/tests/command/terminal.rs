//! The command in a terminal: a pseudo-terminal, and a screen that shows what the command writes to it.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use vt100::{Color, Parser};

use crate::{PATIENCE, PEERS, Place, WAIT};

/// A terminal in which the command runs.
pub struct Terminal {
    child: Child,
    keyboard: File,
    written: Receiver<Vec<u8>>,
    all: Vec<u8>,
    pub parser: Parser,
}

fn size(columns: u16, rows: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

fn screen(columns: u16, rows: u16) -> Parser {
    let [rows, columns] = [rows, columns].map(|count| count.try_into().expect("a screen has a size"));
    Parser::new(rows, columns, 0)
}

impl Terminal {
    fn start(
        place: &Place,
        arguments: &[&str],
        (columns, rows): (u16, u16),
        environment: &[(&str, &str)],
    ) -> Terminal {
        let mut command = Command::new("setsid");
        command.arg("--ctty").arg(PEERS).args(arguments);
        command.args(["--interface", "lo", "--group-port", &place.port.to_string()]);
        command.env_remove("NO_COLOR").env("TERM", "xterm").envs(environment.iter().copied());
        Terminal::with(command, (columns, rows))
    }

    /// Starts a command, which is `setsid --ctty`: the terminal becomes that of the process, so that its Ctrl-C is a signal.
    pub fn with(mut command: Command, (columns, rows): (u16, u16)) -> Terminal {
        let pty = openpty(&size(columns, rows), None).expect("a pseudo-terminal");
        let inner = |fd: &OwnedFd| fd.try_clone().expect("a descriptor");
        command.stdin(inner(&pty.slave)).stdout(inner(&pty.slave)).stderr(pty.slave);
        let child = command.spawn().expect("setsid of util-linux is installed");
        // What is left of the command here has the terminal open, too.
        drop(command);
        let mut reader = File::from(inner(&pty.master));
        let (sender, written) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // The terminal gives an error when no process has it open any more.
            while let Ok(len @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..len].to_vec()).is_err() {
                    return;
                }
            }
        });
        let keyboard = File::from(pty.master);
        Terminal { child, keyboard, written, all: Vec::new(), parser: screen(columns, rows) }
    }

    /// The lines that are to be seen, without empty ones.
    pub fn lines(&self) -> Vec<String> {
        let (_, columns) = self.parser.screen().size();
        self.parser
            .screen()
            .rows(0, columns.get())
            .map(|line| line.trim_end().to_owned())
            .filter(|line| !line.is_empty())
            .collect()
    }

    /// Waits until the lines are so.
    pub fn until(&mut self, is_so: impl Fn(&[String]) -> bool) -> Vec<String> {
        let end = Instant::now() + PATIENCE;
        while !is_so(&self.lines()) {
            let left = end.saturating_duration_since(Instant::now());
            match self.written.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(_) => panic!("{:#?}", self.lines()),
            }
        }
        self.lines()
    }

    fn take(&mut self, bytes: &[u8]) {
        self.parser.process(bytes);
        self.all.extend_from_slice(bytes);
    }

    fn resize(&mut self, columns: u16, rows: u16) {
        let size = rustix::termios::Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        self.parser
            .screen_mut()
            .set_size(rows.try_into().expect("it has rows"), columns.try_into().expect("it has columns"));
        rustix::termios::tcsetwinsize(&self.keyboard, size).expect("a terminal has a size");
    }

    pub fn press(&mut self, keys: &[u8]) {
        self.keyboard.write_all(keys).expect("the terminal takes keys");
    }

    /// The exit status; what the command still wrote is to be seen.
    pub fn status(&mut self) -> Option<i32> {
        while let Ok(bytes) = self.written.recv_timeout(PATIENCE) {
            self.take(&bytes);
        }
        self.child.wait().expect("it can be waited for").code()
    }

    fn has_written(&self, sequence: &str) -> bool {
        self.all.windows(sequence.len()).any(|bytes| bytes == sequence.as_bytes())
    }

    fn colour_at(&self, row: u16, column: u16) -> Color {
        self.parser.screen().cell(row, column).expect("it is on the screen").fgcolor()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn watch_draws_a_table_again_and_again() {
    let place = Place::new();
    let mut watch = Terminal::start(&place, &["watch"], (80, 12), &[]);
    watch.until(|lines| lines.last().is_some_and(|line| line == "0 peers; Ctrl-C ends"));
    let web = place.announce(&["--name", "web [bold]", "--value", "\x1b[31mwarm", "--port", "8080"]);
    let lines = watch.until(|lines| lines.len() == 3);
    assert_eq!(
        lines[0].split_whitespace().collect::<Vec<_>>(),
        ["NAME", "ADDRESS", "PORT", "VALUE", "HEARD", "BY"]
    );
    assert!(lines[1].starts_with("web [bold]  127.0.0.1  8080  \\u{1b}[31mwarm  "), "{lines:?}");
    assert_eq!(lines[2], "1 peer; Ctrl-C ends");
    // The table shows how long ago a peer was heard, so it is drawn though nothing happens.
    watch.until(|lines| lines[1].contains("1 s ago"));
    web.signal(Signal::SIGTERM);
    watch.until(|lines| lines[1..] == ["0 peers; Ctrl-C ends"]);
    watch.press(b"\x03");
    assert_eq!(watch.status(), Some(0));
    // The screen is as it was, and the cursor is to be seen.
    assert!(!watch.parser.screen().alternate_screen() && !watch.parser.screen().hide_cursor());
    assert_eq!(watch.lines().iter().filter(|line| line.contains("NAME")).count(), 0);
}

#[test]
fn the_table_has_colours_unless_no_color_is_set() {
    let place = Place::new();
    let _web = place.node("web");
    for (environment, has_colours) in [(&[][..], true), (&[("NO_COLOR", "1")][..], false)] {
        let mut watch = Terminal::start(&place, &["watch"], (80, 12), environment);
        watch.until(|lines| lines.len() == 3);
        assert_eq!(watch.colour_at(1, 0) != Color::Default, has_colours);
        assert_eq!(watch.parser.screen().cell(0, 0).expect("a cell").bold(), has_colours);
        watch.press(b"\x03");
        assert_eq!(watch.status(), Some(0));
        assert_eq!(watch.has_written("\x1b[1m") || watch.has_written("\x1b[32m"), has_colours);

        let mut list =
            Terminal::start(&place, &["list", "--count", "1", "--wait", WAIT], (80, 12), environment);
        assert_eq!(list.status(), Some(0));
        assert_eq!(list.has_written("\x1b[32m"), has_colours);
    }
}

#[test]
fn the_table_follows_the_size_of_the_terminal() {
    let place = Place::new();
    let value = "v".repeat(60);
    let _web = place.announce(&["--name", "web", "--value", &value, "--port", "8080"]);
    let mut watch = Terminal::start(&place, &["watch"], (120, 12), &[]);
    watch.until(|lines| lines.len() == 3 && lines[1].contains(&value) && lines[1].ends_with("multicast"));
    watch.resize(60, 12);
    watch.until(|lines| lines.len() == 3 && lines[1].contains("v…") && lines[1].ends_with("multicast"));
    watch.resize(36, 3);
    let lines = watch.until(|lines| lines.len() == 3 && lines[1].ends_with("vv…"));
    assert_eq!(lines[0], "NAME  ADDRESS    PORT  VALUE");
    watch.resize(120, 12);
    watch.until(|lines| lines.len() == 3 && lines[1].contains(&value));
}

#[test]
fn forty_columns_hold_names_and_addresses() {
    let place = Place::new();
    let nodes: Vec<_> = (0..9).map(|number| place.node(&format!("a longer name {number}"))).collect();
    let mut watch = Terminal::start(&place, &["watch"], (40, 8), &[]);
    let lines = watch.until(|lines| lines.last().is_some_and(|line| line.contains("9 peers")));
    assert_eq!(lines.len(), 8);
    assert_eq!(lines[1], "a longer name 0  127.0.0.1  -");
    assert_eq!(lines[7], "3 more do not fit; 9 peers; Ctrl-C ends");
    assert_eq!(nodes.len(), 9);
}

#[test]
fn ctrl_c_ends_list_and_doctor_with_130() {
    for arguments in [["list", "--wait", "1h", "--verbose"], ["doctor", "--wait", "1h", "--verbose"]] {
        let place = Place::new();
        // A line of the log fits into a line of the terminal.
        let mut terminal = Terminal::start(&place, &arguments, (300, 100), &[]);
        terminal.until(|lines| lines.iter().any(|line| line.contains(", as an observer, on lo ")));
        terminal.press(b"\x03");
        assert_eq!(terminal.status(), Some(130));
    }
}

#[test]
fn ctrl_z_gives_the_screen_back() {
    let place = Place::new();
    let _web = place.node("web");
    let mut watch = Terminal::start(&place, &["watch"], (80, 12), &[]);
    watch.until(|lines| lines.len() == 3);
    let process = Pid::from_raw(watch.child.id() as i32);
    kill(process, Signal::SIGTSTP).expect("it is there");
    watch.until(|lines| lines.is_empty());
    assert!(!watch.parser.screen().alternate_screen());
    // It stops after it has written that. A SIGCONT before would be lost.
    let stopped = waitpid(process, Some(WaitPidFlag::WUNTRACED));
    assert_eq!(stopped, Ok(WaitStatus::Stopped(process, Signal::SIGSTOP)));
    kill(process, Signal::SIGCONT).expect("it is there");
    watch.until(|lines| lines.len() == 3);
    watch.press(b"\x03");
    assert_eq!(watch.status(), Some(0));
}

#[test]
fn the_report_is_wrapped_between_words() {
    let place = Place::new();
    let mut doctor = Terminal::start(&place, &["doctor", "--wait", "0ms"], (40, 200), &[]);
    assert_eq!(doctor.status(), Some(0));
    let lines = doctor.lines();
    let at = lines.iter().position(|line| line.contains("WARN no node")).expect("a warning");
    assert_eq!(
        lines[at..at + 2],
        ["  WARN no node of another host was heard", "       in 0ns. If there is one:"]
    );
}

/// A terminal that cannot draw again gets lines.
#[test]
fn a_dumb_terminal_gets_lines() {
    let place = Place::new();
    let _web = place.node("web");
    let mut watch = Terminal::start(&place, &["watch"], (80, 12), &[("TERM", "dumb")]);
    watch.until(|lines| lines == ["joined web 127.0.0.1"]);
    assert!(!watch.has_written("\x1b"));
}
