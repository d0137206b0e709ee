//! The log of a node, from Rust: what troubles leave in it, and what a careless logger does not do to the node.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::thread;
use std::time::Duration;

use peers::{Clock, Config, Level, Logger, Network, Peers};

/// Reached only when something hangs.
const PATIENCE: Duration = Duration::from_secs(60);

fn config(network: &str, clock: Clock, log: Logger) -> Config {
    Config {
        name: Some("node".into()),
        network: Network::Memory(network.into()),
        clock,
        log: Some(log),
        ..Config::default()
    }
}

/// A logger that hands on every line.
fn recorder() -> (Logger, Receiver<String>) {
    let (lines, recorded) = channel();
    let lines = Mutex::new(lines);
    let write = move |level: Level, line: &str| {
        // Nobody may be left to listen.
        let _ = lines.lock().expect("nothing panics here").send(format!("{level:?} {line}"));
    };
    (Logger::new(Level::Debug, write), recorded)
}

#[test]
fn a_node_of_another_cluster_is_logged_once_a_minute() {
    let (log, lines) = recorder();
    let node = Peers::start(config("another cluster", Clock::Manual, log)).expect("it starts");
    let quiet = Logger::new(Level::Error, |_, _| {});
    let stranger = Config { cluster: "blue".into(), ..config("another cluster", Clock::Manual, quiet) };
    let stranger = Peers::start(stranger).expect("it starts");
    for _ in 0..12 {
        for peer in [&stranger, &node] {
            peer.advance(Duration::from_secs(15)).expect("its clock is manual");
        }
    }
    drop(node);
    let notes: Vec<String> = lines.iter().filter(|line| line.contains("\"blue\"")).collect();
    assert_eq!(notes.len(), 3, "one at 0, 60 and 120 seconds: {notes:?}");
    assert!(notes.iter().all(|note| note.starts_with("Info 10.0.0.2:")), "{notes:?}");
}

#[test]
fn a_panic_in_the_logger_goes_no_further() {
    for clock in [Clock::Manual, Clock::System] {
        let (called, calls) = channel();
        let called = Mutex::new(called);
        let log = Logger::new(Level::Info, move |_, line| {
            called.lock().expect("taken before the panic").send(line.to_owned()).expect("somebody listens");
            if line != "stopped" {
                panic!("as a careless logger does: {line}");
            }
        });
        let node = Peers::start(config("panicking", clock, log)).expect("it starts");
        assert!(calls.recv_timeout(PATIENCE).expect("it is called").starts_with("started"));
        drop(node);
    }
}

#[test]
fn stopped_by_its_own_logger_it_ends_when_that_returns() {
    let of_the_logger: Arc<OnceLock<Weak<Peers>>> = Arc::default();
    let (ended, end) = channel();
    let (in_logger, ended) = (of_the_logger.clone(), Mutex::new(ended));
    let log = Logger::new(Level::Debug, move |_, line| {
        if let Some(node) = in_logger.get().and_then(Weak::upgrade).filter(|_| line != "stopped") {
            node.stop();
            assert!(node.list().is_err());
        }
        if line == "stopped" {
            ended.lock().expect("nothing panics here").send(()).expect("somebody listens");
        }
    });
    let node = Arc::new(Peers::start(config("stopping", Clock::System, log)).expect("it starts"));
    of_the_logger.set(Arc::downgrade(&node)).expect("set once");
    // What it says of this calls the logger.
    let _ = node.register("lamp", b"", None);
    end.recv_timeout(PATIENCE).expect("the node ends");
    node.stop();
}

#[test]
fn many_threads_share_one_logger_in_order() {
    let (log, lines) = recorder();
    let node = Arc::new(Peers::start(config("shared", Clock::Manual, log)).expect("it starts"));
    let threads: Vec<_> = (0..4)
        .map(|number| {
            let node = node.clone();
            thread::spawn(move || {
                for turn in 0..20 {
                    node.register(&format!("{number} {turn:02}"), b"", None).expect("there is room");
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("it does not panic"));
    node.stop();
    let lines: Vec<String> = lines.try_iter().collect();
    assert_eq!(lines.len(), 1 + 80 + 1, "{lines:?}");
    let told: Vec<_> = std::iter::from_fn(|| node.next_event(Some(Duration::ZERO)).ok()).collect();
    assert!(told.is_empty(), "a node that was stopped tells nothing");
    for number in 0..4 {
        let own = lines.iter().filter(|line| line.starts_with(&format!("Debug peer joined: \"{number} ")));
        assert!(own.is_sorted(), "{lines:?}");
    }
    assert_eq!(lines.last().map(String::as_str), Some("Info stopped"));
}
