//! A node that met an internal error: every call says so, health says why, and the process lives on.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use peers::{Config, ErrorKind, Level, Logger, Network, Peers, Reason, State};

/// A node that does not notice fails the test after this long.
const LIMIT: Duration = Duration::from_secs(30);

/// The numbers of this process's sockets, such as those that wake a node's thread.
fn sockets() -> BTreeSet<i32> {
    let entries = fs::read_dir("/proc/self/fd").expect("Linux has it").flatten();
    let is_socket = |to: PathBuf| to.to_string_lossy().starts_with("socket:");
    let sockets = entries.filter(|entry| fs::read_link(entry.path()).is_ok_and(is_socket));
    sockets.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

#[test]
fn a_descriptor_closed_elsewhere_fails_the_node_alone() {
    let log: Arc<Mutex<Vec<String>>> = Arc::default();
    let lines = log.clone();
    let logger = Logger::new(Level::Error, move |level, line| {
        lines.lock().expect("nothing panics with it").push(format!("{level:?} {line}"));
    });
    let config = Config {
        log: Some(logger),
        name: Some("victim".into()),
        network: Network::Memory("failed".into()),
        interval: Duration::from_millis(10),
        expiry: Duration::from_millis(100),
        ..Config::default()
    };
    let before = sockets();
    let node = Peers::start(config.clone()).expect("it starts");
    let wake = *sockets().difference(&before).next().expect("the node has one to wake by");
    // SAFETY: what a program does that closes descriptors it does not own.
    assert_eq!(unsafe { libc::close(wake) }, 0);

    // The thread finds out at its next announcement.
    let error = node.next_event(Some(LIMIT)).expect_err("it does not go on as if nothing were wrong");
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(error.to_string().contains("was closed by another part of the program"), "{error}");
    assert_eq!(node.list().expect_err("it has failed").kind(), ErrorKind::Failed);
    assert_eq!(node.register("key", b"", None).expect_err("it has failed").kind(), ErrorKind::Failed);
    let health = node.health();
    assert_eq!((health.state(), health.reason.expect("there is one").0), (State::Failed, Reason::Internal));

    drop(node);
    let log = log.lock().expect("nothing panics with it").clone();
    assert!(matches!(&*log, [line] if line.starts_with("Error failed: a descriptor of the node")), "{log:?}");
    Peers::start(config).expect("another one starts").list().expect("and works");
}
