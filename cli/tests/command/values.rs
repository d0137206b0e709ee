//! Wrong values on the command line: each is exit status 2, and the message names the flag.

use support::key_file;

use crate::Place;

#[test]
fn a_wrong_value_names_its_flag() {
    let long = "a".repeat(1200);
    let short_key = key_file(31, 0o600);
    let open_key = key_file(32, 0o644);
    let (short_key, open_key) = (short_key.to_str().expect("UTF-8"), open_key.to_str().expect("UTF-8"));
    let many_seeds = ["a:1"; 1025].join(",");
    #[rustfmt::skip]
    let wrong: &[(&[&str], &str, &str)] = &[
        (&["list", "--wait", "2"], "--wait", "a number with ms, s, m or h"),
        (&["list", "--count", "-1"], "--count", ""),
        (&["list", "--group", "kitchen"], "--group", "kitchen"),
        (&["list", "--group", "192.0.2.1"], "--group", "group_v4 is 192.0.2.1, which is no multicast address"),
        (&["list", "--mode", "moon"], "--mode", "multicast+seeds"),
        (&["list", "--interface", "nosuch7"], "--interface", "interface \"nosuch7\" does not exist; there are: "),
        (&["list", "--interface", "lo,,eth0"], "--interface", "has an empty name"),
        (&["list", "--cluster", "two\nlines"], "--cluster", "control character"),
        (&["list", "--hops", "0"], "--hops", "1..=255"),
        (&["list", "--max-peers", "0"], "--max-peers", "0"),
        (&["list", "--seed", "a:1", "--seed", "nowhere"], "--seed", "has no port"),
        (&["list", "--seed", &many_seeds], "--seed", "1025 seeds are given"),
        (&["list", "--interval", "1ms"], "--interval", "the interval is 1 ms; it is 10"),
        (&["list", "--expiry", "1s"], "--expiry", "longer than the interval"),
        (&["list", "--no-ipv4", "--no-ipv6"], "--no-ipv6", "--no-ipv4"),
        (&["watch", "--unicast-port", "65536"], "--unicast-port", "65535"),
        (&["watch", "--key-file", "/nonexistent/key"], "--key-file", "No such file"),
        (&["watch", "--key-file", short_key], "--key-file", "the key has 31 bytes"),
        (&["watch", "--key-file", open_key], "--key-file", "its mode is 644"),
        (&["watch", "--key-file", "/dev/zero"], "--key-file", "its mode is 666"),
        (&["announce", "--value-file", "/nonexistent/value"], "--value-file", "No such file"),
        (&["announce", "--value", &long], "--value", "the value has 1200 bytes"),
        (&["announce", "--value", "a", "--value-file", "/dev/null"], "--value-file", "--value"),
        (&["announce", "--port", "65536"], "--port", "65535"),
        (&["announce", "--name", ""], "--name", "empty"),
        (&["announce", "--name", "a\tb"], "--name", "control character"),
        (&["doctor", "--interface", "nosuch7"], "--interface", "interface \"nosuch7\" does not exist"),
        (&["doctor", "--cluster", &long], "--cluster", "1200 bytes"),
        (&["list", "--group-port", "0"], "--group-port", "0"),
        (&["list", "--port", "1"], "--port", "unexpected argument"),
    ];
    let place = Place::new();
    for (arguments, flag, detail) in wrong {
        // The last value of a flag counts where it can be given once.
        let mut command = std::process::Command::new(crate::PEERS);
        command.args(*arguments);
        if *flag != "--interface" {
            command.args(["--interface", "lo"]);
        }
        if *flag != "--group-port" {
            command.args(["--group-port", &place.port.to_string()]);
        }
        let ended = crate::Ended::from(support::output_of(&mut command));
        assert_eq!((ended.status, &*ended.output), (Some(2), ""), "{arguments:?}: {}", ended.errors);
        assert!(
            ended.errors.contains(flag) && ended.errors.contains(detail),
            "{arguments:?}: {}",
            ended.errors
        );
    }
}

#[test]
fn a_port_of_the_groups_is_no_unicast_port() {
    let place = Place::new();
    let ended = place.run("list", &["--unicast-port", &place.port.to_string()]);
    assert_eq!(ended.status, Some(2), "{ended:?}");
    assert!(ended.errors.contains("invalid value for '--unicast-port'"), "{ended:?}");
}

/// The command line is right, and the system refuses.
#[test]
fn a_port_that_is_held_is_a_failure() {
    let place = Place::new();
    let _holder = std::net::UdpSocket::bind(("0.0.0.0", place.port)).expect("the port is free");
    let ended = place.run("list", &[]);
    assert_eq!((ended.status, &*ended.output, ended.errors.lines().count()), (Some(1), "", 1), "{ended:?}");
    assert!(
        ended.errors.starts_with("error: ") && ended.errors.contains(&place.port.to_string()),
        "{ended:?}"
    );
}
