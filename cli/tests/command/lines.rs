//! `watch`, `list` and `announce` where their output is no terminal.

use std::fs;
use std::io::{BufReader, PipeReader, pipe};
use std::process::{Child, Stdio};

use nix::sys::signal::Signal;
use peers::{Event, LeaveReason};
use serde_json::Value;
use support::{free_port, key_file, scratch};

use crate::{Ended, PEERS, Place, WAIT, event, until_observing};

#[test]
fn announce_lasts_until_a_signal_and_says_goodbye() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let place = Place::new();
        let observer = place.node("observer");
        let web = place.start("announce", &["--name", "web", "--value", "grün", "--port", "8080"]);
        assert_eq!(web.line(), "announcing web, port 8080, value grün; Ctrl-C ends it");
        let Event::Joined(peer) = event(&observer) else { panic!("it has joined") };
        assert_eq!((&*peer.name, &*peer.value, peer.port), ("web", "grün".as_bytes(), 8080));
        web.signal(signal);
        assert_eq!(web.ended().with(0), "");
        assert!(matches!(event(&observer), Event::Left(_, LeaveReason::Goodbye)));
    }
}

#[test]
fn list_prints_a_table() {
    let place = Place::new();
    let _web = place.announce(&["--name", "web", "--value", "two words", "--port", "8080"]);
    let output = place.run("list", &["--count", "1", "--wait", WAIT]).with(0);
    let lines: Vec<_> = output.lines().collect();
    assert_eq!(lines[0], "NAME  ADDRESS    PORT  VALUE      HEARD    BY");
    assert_eq!(lines[1], "web   127.0.0.1  8080  two words  0 s ago  multicast");
    assert_eq!(lines.len(), 2);
}

#[test]
fn list_prints_json() {
    let place = Place::new();
    let file = scratch().join("value");
    fs::write(&file, [0, 0xff]).expect("the scratch folder can be written");
    let _bytes = place.announce(&["--name", "bytes", "--value-file", file.to_str().expect("UTF-8")]);
    let _text = place.announce(&["--name", "text", "--value", "grün", "--port", "8080"]);
    let list = place.run("list", &["--json", "--count", "2", "--wait", WAIT]).json();
    assert_eq!((&list[0]["name"], &list[1]["name"]), (&"bytes".into(), &"text".into()));
    assert_eq!((&list[0]["value_base64"], &list[1]["value"]), (&"AP8=".into(), &"grün".into()));
    assert_eq!((&list[0]["port"], &list[1]["port"]), (&().into(), &8080.into()));
    for peer in list.as_array().expect("an array") {
        assert_eq!((&peer["address"], &peer["interface"]), (&"127.0.0.1".into(), &"lo".into()));
        assert_eq!((&peer["addresses"][0], &peer["addresses_validated"]), (&peer["address"], &1.into()));
        assert_eq!(peer["source"], "multicast");
        assert_eq!(peer["id"].as_str().map(str::len), Some(32));
        assert!((0.0..=35.0).contains(&peer["expires_in"].as_f64().expect("a number")));
    }
}

#[test]
fn list_waits_no_longer_than_it_is_to() {
    let place = Place::new();
    assert_eq!(place.run("list", &["--wait", "1ms", "--json"]).with(0), "[]\n");
    let fewer = place.run("list", &["--wait", "1ms", "--json", "--count", "1"]);
    assert_eq!(
        (fewer.status, &*fewer.output, &*fewer.errors),
        (Some(1), "[]\n", "0 of 1 peers were heard\n")
    );
}

#[test]
fn only_nodes_of_one_cluster_and_key_list_each_other() {
    let place = Place::new();
    let key = key_file(32, 0o600);
    let key = key.to_str().expect("UTF-8");
    let _sealed = place.announce(&["--name", "sealed", "--key-file", key]);
    let _apart = place.announce(&["--name", "apart", "--cluster", "apart"]);
    for (options, name) in [(["--key-file", key], "sealed"), (["--cluster", "apart"], "apart")] {
        let arguments = [&options[..], &["--json", "--count", "1", "--wait", WAIT]].concat();
        let list = place.run("list", &arguments).json();
        assert_eq!((&list[0]["name"], &list[1]), (&name.into(), &().into()));
    }
}

#[test]
fn a_seed_finds_a_node_that_multicast_does_not_reach() {
    let place = Place::new();
    let own = free_port().to_string();
    let _beyond = place.announce(&["--name", "beyond", "--mode", "seeds", "--unicast-port", &own]);
    let _near = place.announce(&["--name", "near"]);
    let seeds = format!("192.0.2.1:1,127.0.0.1:{own}");
    for (mode, expected) in [
        (&["--mode", "seeds"][..], &["beyond unicast"][..]),
        (&["--mode", "multicast+seeds"], &["beyond unicast", "near"]),
        // Without a mode, seeds that are given are used.
        (&[], &["beyond unicast", "near"]),
    ] {
        let count = expected.len().to_string();
        let arguments = [mode, &["--seed", &seeds, "--json", "--count", &count, "--wait", WAIT]].concat();
        let list = place.run("list", &arguments).json();
        // A node that is heard by both ways is first heard by either.
        let words = |peer: &Value| match (peer["name"].as_str(), peer["source"].as_str()) {
            (Some("near"), _) => "near".to_owned(),
            (name, source) => format!("{} {}", name.expect("a name"), source.expect("a source")),
        };
        let found: Vec<_> = list.as_array().expect("an array").iter().map(words).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn watch_prints_a_line_for_each_event_at_once() {
    let place = Place::new();
    let _observer = place.node("observer");
    let watch = place.start("watch", &[]);
    assert_eq!(watch.line(), "joined observer 127.0.0.1");
    let web = place.announce(&["--name", "web", "--value", "two\nlines", "--port", "8080"]);
    assert_eq!(watch.line(), "joined web 127.0.0.1 port 8080 value two\\nlines");
    web.signal(Signal::SIGTERM);
    assert_eq!(watch.line(), "left web 127.0.0.1 (goodbye)");
    watch.signal(Signal::SIGINT);
    assert_eq!(watch.ended().with(0), "");
}

#[test]
fn watch_prints_a_line_of_json_for_each_event() {
    let place = Place::new();
    let _observer = place.node("observer");
    let watch = place.start("watch", &["--json"]);
    assert_eq!(watch.json()["peer"]["name"], "observer");
    let web = place.announce(&["--name", "web"]);
    web.signal(Signal::SIGTERM);
    let (joined, left) = (watch.json(), watch.json());
    assert_eq!(
        (&joined["event"], &joined["reason"], &joined["peer"]["name"]),
        (&"joined".into(), &().into(), &"web".into())
    );
    assert_eq!(
        (&left["event"], &left["reason"], &left["peer"]["value"]),
        (&"left".into(), &"goodbye".into(), &"".into())
    );
    watch.signal(Signal::SIGTERM);
    assert_eq!(watch.ended().with(0), "");
}

#[test]
fn commands_that_look_are_listed_nowhere() {
    let place = Place::new();
    let witness = place.node("witness");
    let mut watch = place.start("watch", &["--verbose"]);
    watch.until_observing();
    assert_eq!(watch.line(), "joined witness 127.0.0.1");
    let list = place.run("list", &["--json", "--count", "1", "--wait", WAIT]).json();
    assert_eq!((&list[0]["name"], &list[1]), (&"witness".into(), &().into()));
    place.run("doctor", &["--wait", "100ms"]).with(0);
    watch.signal(Signal::SIGTERM);
    assert_eq!(watch.ended().status, Some(0));

    // The first event of the witness is about a node that came last.
    let late = place.node("late");
    assert!(matches!(event(&witness), Event::Joined(peer) if peer.name == "late"));
    drop(late);
    assert!(matches!(event(&witness), Event::Left(_, LeaveReason::Goodbye)));
}

#[test]
fn ctrl_c_ends_list() {
    let mut list = Place::new().start("list", &["--wait", "1h", "--verbose"]);
    list.until_observing();
    list.signal(Signal::SIGINT);
    let ended = list.ended();
    assert_eq!((ended.status, &*ended.output), (Some(130), ""));
}

/// A command with a pipe for its output, and the end of the pipe to read from.
fn with_reader(place: &Place, subcommand: &str, arguments: &[&str]) -> (Child, PipeReader) {
    let (reader, writer) = pipe().expect("pipes are there");
    let mut command = place.command(subcommand, arguments);
    let child = command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped()).spawn();
    (child.expect("the command starts"), reader)
}

/// At once, although the command has nothing to print: by its next line it would not end in these tests.
#[test]
fn a_closed_pipe_ends_a_command_at_once() {
    for (subcommand, arguments) in
        [("watch", &[][..]), ("list", &["--wait", "1h"]), ("doctor", &["--wait", "1h"])]
    {
        let arguments = [arguments, &["--verbose"]].concat();
        let (mut child, reader) = with_reader(&Place::new(), subcommand, &arguments);
        until_observing(BufReader::new(child.stderr.as_mut().expect("it is piped")));
        drop(reader);
        assert_eq!(child.wait().expect("it ends").code(), Some(141), "{subcommand}");
    }
}

#[test]
fn a_closed_pipe_ends_announce_with_a_goodbye() {
    let place = Place::new();
    let witness = place.node("witness");
    let (child, reader) = with_reader(&place, "announce", &["--name", "web"]);
    assert!(matches!(event(&witness), Event::Joined(_)));
    drop(reader);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), &*output.stderr), (Some(141), &b""[..]));
    assert!(matches!(event(&witness), Event::Left(_, LeaveReason::Goodbye)));
}

#[test]
fn a_command_writes_its_log_where_it_is_asked_to() {
    let ended = Place::new().run("list", &["--json", "--wait", "0ms", "--verbose"]);
    assert_eq!((ended.status, &*ended.output), (Some(0), "[]\n"));
    assert!(ended.errors.starts_with("INFO started "), "{}", ended.errors);
}

#[test]
fn help_and_version_are_printed() {
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(PEERS);
        Ended::from(support::output_of(command.args(arguments))).with(0)
    };
    assert_eq!(run(&["--version"]), concat!("peers ", env!("CARGO_PKG_VERSION"), "\n"));
    assert!(run(&["--help"]).contains("Exit status"));
    for subcommand in ["watch", "list", "announce", "doctor"] {
        assert!(run(&[subcommand, "--help"]).contains("--cluster"));
    }
}
