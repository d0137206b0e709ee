//! `EventStream`, on a network in memory: tokio waits by the descriptor, and no thread does.

use std::sync::Arc;
use std::time::Duration;

use peers::{Config, Event, EventStream, Network, Peers};

fn start(network: &str) -> Peers {
    let network = Network::Memory(network.into());
    Peers::start(Config { name: Some("node".into()), network, ..Config::default() }).expect("it starts")
}

/// Runs a test on one thread, for 60 seconds at the longest.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("it starts");
    runtime
        .block_on(async { tokio::time::timeout(Duration::from_secs(60), test).await })
        .expect("no event came");
}

fn name(event: Option<Event>) -> Option<String> {
    match event? {
        Event::Joined(peer) | Event::Left(peer, _) => Some(peer.name),
        _ => None,
    }
}

#[test]
fn an_event_wakes_the_task_that_waits_for_it() {
    run(async {
        let node = Arc::new(start("stream wakes"));
        let mut events = EventStream::new(node.subscribe().expect("it lives")).expect("it is polled");
        for turn in 0..100 {
            // It runs when the other task waits.
            let (node, key) = (node.clone(), format!("lamp {turn}"));
            let register = async move { node.register(&key, b"", None).expect("there is room") };
            let registering = tokio::spawn(register);
            assert_eq!(name(events.next().await), Some(format!("lamp {turn}")));
            registering.await.expect("it does not panic");
        }
    });
}

#[test]
fn events_that_wait_come_in_order() {
    run(async {
        let node = start("stream order");
        let mut events = EventStream::new(node.subscribe().expect("it lives")).expect("it is polled");
        for key in ["lamp", "door"] {
            node.register(key, b"", None).expect("there is room");
        }
        node.unregister("lamp").expect("it is registered");
        for key in ["lamp", "door", "lamp"] {
            assert_eq!(name(events.next().await).as_deref(), Some(key));
        }
    });
}

#[test]
fn a_wait_that_is_dropped_takes_no_event_along() {
    run(async {
        let node = start("stream dropped");
        let mut events = EventStream::new(node.subscribe().expect("it lives")).expect("it is polled");
        for turn in 0..20 {
            let waited = tokio::time::timeout(Duration::from_millis(1), events.next()).await;
            assert!(waited.is_err(), "nothing has happened");
            node.register(&format!("lamp {turn}"), b"", None).expect("there is room");
            assert_eq!(name(events.next().await), Some(format!("lamp {turn}")));
        }
    });
}

#[test]
fn the_stream_ends_with_the_node() {
    run(async {
        let node = Arc::new(start("stream ends"));
        let mut events = EventStream::new(node.subscribe().expect("it lives")).expect("it is polled");
        tokio::spawn(async move { node.stop() });
        assert_eq!(events.next().await, None);
        assert_eq!(events.next().await, None);
    });
}
