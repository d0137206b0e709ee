//! Calls and options that the system refuses: by a sandbox, an old kernel, or another program that holds the port.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::nodes::{
    expect_interface, expect_state, expect_that, interface, rust_watch, script, state, watch_with, world,
    world_with_firewall,
};
use support::program::{LIMIT, Program};
use support::world::Host;

const ERRORS: [&str; 4] = ["ENOSYS", "EPERM", "EINVAL", "ENOPROTOOPT"];

/// Calls and options, as `refuse.c` takes them, and a part of what health says when one of them is refused at the start.
const AT_START: [(&str, &str); 32] = [
    ("setsockopt * 0 49", "Running Limited IP_MULTICAST_ALL: "),
    ("setsockopt * 41 29", "Running Limited IPV6_MULTICAST_ALL: "),
    ("setsockopt * 0 11", "Running Limited IP_RECVERR: "),
    ("setsockopt * 41 25", "Running Limited IPV6_RECVERR: "),
    ("setsockopt * 0 2", "Running Limited IP_TTL: "),
    ("setsockopt * 0 12", "Running Limited IP_RECVTTL: "),
    ("setsockopt * 41 16", "Running Limited IPV6_UNICAST_HOPS: "),
    ("setsockopt * 41 51", "Running Limited IPV6_RECVHOPLIMIT: "),
    ("setsockopt * 0 33", "Running Limited IP_MULTICAST_TTL: "),
    ("setsockopt * 41 18", "Running Limited IPV6_MULTICAST_HOPS: "),
    ("setsockopt * 0 34", "Running Limited IP_MULTICAST_LOOP: "),
    ("setsockopt * 41 19", "Running Limited IPV6_MULTICAST_LOOP: "),
    ("setsockopt * 1 2", "Running Limited SO_REUSEADDR: "),
    ("setsockopt * 1 2", "a socket for the group alone: setsockopt(SO_REUSEADDR): "),
    ("setsockopt * 1 7", "Running Limited SO_RCVBUF and SO_SNDBUF: "),
    ("setsockopt * 1 8", "Running Limited SO_RCVBUF and SO_SNDBUF: "),
    ("socket 16", "Running Limited a socket for reports of changes: socket(AF_NETLINK): "),
    ("timerfd_create", "Running Limited timerfd of CLOCK_BOOTTIME: "),
    ("timerfd_settime", "Running Limited timerfd of CLOCK_BOOTTIME: "),
    ("recvmmsg", "Running Limited recvmmsg: "),
    ("sendmsg", "sending through "),
    ("setsockopt * 0 35", "joined the group on 0 of 1 interfaces: "),
    ("setsockopt * 41 20", "joined the group on 0 of 1 interfaces: "),
    ("setsockopt * 0 8", "Degraded Socket IPv4 is not used: setsockopt(IP_PKTINFO): "),
    ("setsockopt * 41 49", "Degraded Socket IPv6 is not used: setsockopt(IPV6_RECVPKTINFO): "),
    ("setsockopt * 41 26", "Degraded Socket IPv6 is not used: setsockopt(IPV6_V6ONLY): "),
    ("socket 2 524290", "Degraded Socket IPv4 is not used: socket(AF_INET): "),
    ("socket 10 524290", "Degraded Socket IPv6 is not used: socket(AF_INET6): "),
    ("ioctl * 0x8912", "Degraded NoInterface the interfaces cannot be listed: ioctl(SIOCGIFCONF): "),
    ("ioctl * 0x8913", "Degraded NoInterface the interfaces cannot be listed: ioctl(SIOCGIFFLAGS): "),
    ("ioctl * 0x891b", "Degraded NoInterface the interfaces cannot be listed: ioctl(SIOCGIFNETMASK): "),
    ("ioctl * 0x8933", "Degraded NoInterface the interfaces cannot be listed: ioctl(SIOCGIFINDEX): "),
];

/// Calls without which a node does not start, and what the error names.
const NEEDED: [(&str, &str); 5] = [
    ("socket", "socket(AF_INET"),
    ("fcntl * 4", "a descriptor to wake by: "),
    ("bind", "bind: "),
    ("socketpair", "a descriptor to wake by: "),
    ("getsockname", "getsockname: "),
];

/// Calls that are refused while a node runs.
const RUNNING: [(&[&str], &str); 15] = [
    (&["recvmmsg"], "Running Limited recvmmsg: "),
    (&["recvmmsg", "recvmsg"], "receiving by IPv4: recvmsg: "),
    (&["sendmsg"], "sending through "),
    (&["poll"], "Running Limited poll: "),
    (&["timerfd_settime"], "Running Limited timerfd of CLOCK_BOOTTIME: "),
    (&["timerfd_gettime"], "Running Limited timerfd of CLOCK_BOOTTIME: "),
    (&["fstat", "newfstatat * * * 4096"], "Running Limited fstat: "),
    (&["ioctl * 0x8912"], "Running Limited the list of interfaces: ioctl(SIOCGIFCONF): "),
    (&["ioctl * 0x8913"], "Running Limited the list of interfaces: ioctl(SIOCGIFFLAGS): "),
    (&["ioctl * 0x891b"], "Running Limited the list of interfaces: ioctl(SIOCGIFNETMASK): "),
    (&["ioctl * 0x8933"], "Running Limited the list of interfaces: ioctl(SIOCGIFINDEX): "),
    (&["socket"], "Running Limited the list of interfaces: socket(AF_INET): "),
    (&["sendto"], "Running Limited the list of links: send(RTM_GETLINK): "),
    (&["recvfrom"], "Running Limited the list of links: recv(RTM_GETLINK): "),
    (&["openat"], "Running Limited the list of interfaces: "),
];

/// A watch that runs under `refuse.c`, whose rules can change.
struct Refused {
    watch: Program,
    rules: PathBuf,
}

/// The processes of one test, each with a port and rules of its own.
struct Launcher<'a> {
    host: &'a Host<'a>,
    test: &'static str,
    count: u16,
}

impl Launcher<'_> {
    /// A command under these rules, which refuse one error for each of the calls.
    fn command(&mut self, error: &str, calls: &[&str]) -> (Command, PathBuf) {
        self.count += 1;
        let rules = support::scratch().join(format!("{}-{}", self.test, self.count));
        fs::write(&rules, lines(error, calls)).expect("the scratch folder can be written");
        let names: Vec<&str> = calls.iter().filter_map(|call| call.split(' ').next()).collect();
        let mut command = self.host.command(refuse().to_str().expect("UTF-8"));
        command.arg(&rules).arg(names.join(",")).arg(support::example("watch"));
        command.args(["--interval", "1000", "--expiry", "4000", "--name", "node"]);
        command.args(["--port", &(20_000 + self.count).to_string()]);
        (command, rules)
    }

    /// A node that finds the last one started, under no rules.
    fn peer(&self) -> Program {
        watch_with(self.host, "peer", &["--port", &(20_000 + self.count).to_string()])
    }

    fn start(&mut self, error: &str, calls: &[&str]) -> Refused {
        let (mut command, rules) = self.command(error, calls);
        Refused { watch: Program::start(&mut command), rules }
    }
}

impl Refused {
    fn set(&self, error: &str, calls: &[&str]) {
        // The program that reads it takes an old file or the new one.
        let unfinished = self.rules.with_extension("new");
        fs::write(&unfinished, lines(error, calls)).expect("the scratch folder can be written");
        fs::rename(unfinished, &self.rules).expect("the scratch folder can be written");
    }

    /// Processor time that all of its threads have used.
    fn processor_time(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.watch.id())).expect("it runs");
        let statistics = tasks.flatten().flat_map(|task| fs::read_to_string(task.path().join("schedstat")));
        let used = |line: String| line.split(' ').next().and_then(|first| first.parse::<u64>().ok());
        Duration::from_nanos(statistics.filter_map(used).sum())
    }
}

fn lines(error: &str, calls: &[&str]) -> String {
    calls.iter().map(|call| format!("{error} {call}\n")).collect()
}

fn refuse() -> PathBuf {
    support::compile(&support::root().join("tests/network/refuse.c"))
}

/// Waits until health has these words.
#[track_caller]
fn expect_words(watch: &mut Program, words: &str, what: &str) {
    let deadline = Instant::now() + LIMIT;
    loop {
        let state = state(watch);
        if state.contains(words) {
            return;
        }
        assert!(Instant::now() < deadline, "{what}: health should have {words:?}; it is {state:?}");
    }
}

/// Fails if one of the programs uses a hundredth of a core for so long.
#[track_caller]
fn expect_no_spin(running: &[(String, &Refused)], length: Duration) {
    let before: Vec<Duration> = running.iter().map(|(_, refused)| refused.processor_time()).collect();
    thread::sleep(length);
    for ((what, refused), before) in running.iter().zip(before) {
        let used = refused.processor_time() - before;
        assert!(used < length / 100, "{what}: {used:?} in {length:?}");
    }
}

/// N11, N12 of the cases.
#[test]
fn each_call_and_option_may_be_refused_at_the_start() {
    let test = "each_call_and_option_may_be_refused_at_the_start";
    let Some(world) = world(test) else { return };
    let host = world.host_with_ipv6(1, "nodad");
    let mut launcher = Launcher { host: &host, test, count: 0 };
    for error in ERRORS {
        let mut all: Vec<_> = AT_START.iter().map(|case| (case, launcher.start(error, &[case.0]))).collect();
        for ((call, words), refused) in &mut all {
            expect_words(&mut refused.watch, words, &format!("{error} {call}"));
        }
        for ((call, _), refused) in &mut all {
            refused.set(error, &[]);
            expect_words(&mut refused.watch, "Running", &format!("after {error} {call}"));
        }
    }
}

#[test]
fn a_needed_call_that_is_refused_is_named_by_the_error() {
    let test = "a_needed_call_that_is_refused_is_named_by_the_error";
    let Some(world) = world(test) else { return };
    let host = world.host_with_ipv6(1, "nodad");
    let mut launcher = Launcher { host: &host, test, count: 0 };
    for error in ERRORS {
        for (call, named) in NEEDED {
            let output = launcher.command(error, &[call]).0.output().expect("nsenter runs");
            let message = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{error} {call}: {message}");
            assert!(message.contains(named) && message.contains("os error"), "{error} {call}: {message}");
        }
    }
}

/// N13 of the cases.
#[test]
fn a_running_node_survives_each_refusal_without_a_spin() {
    let test = "a_running_node_survives_each_refusal_without_a_spin";
    let Some(world) = world(test) else { return };
    let host = world.host_with_ipv6(1, "nodad");
    let mut launcher = Launcher { host: &host, test, count: 0 };
    for error in ERRORS {
        let mut all = Vec::new();
        for (calls, words) in RUNNING {
            let mut refused = launcher.start(error, calls);
            refused.set(error, &[]);
            expect_words(&mut refused.watch, "Running", "before");
            all.push((calls, words, refused));
        }
        for (calls, _, refused) in &all {
            refused.set(error, calls);
        }
        for (calls, words, refused) in &mut all {
            expect_words(&mut refused.watch, words, &format!("{error} {calls:?}"));
        }
        let running = all.iter().map(|(calls, _, refused)| (format!("{error} {calls:?}"), refused));
        expect_no_spin(&running.collect::<Vec<_>>(), Duration::from_secs(2));
        for (calls, _, refused) in &mut all {
            refused.set(error, &[]);
            expect_words(&mut refused.watch, "Running", &format!("after {error} {calls:?}"));
        }
    }
}

/// The error queue of a socket keeps it readable.
#[test]
fn a_refused_error_queue_is_named_and_makes_no_spin() {
    const CALL: &str = "recvmsg * * 0x2040";
    const WORDS: &str = "Running Limited recvmsg(MSG_ERRQUEUE): ";
    let test = "a_refused_error_queue_is_named_and_makes_no_spin";
    let Some(world) = world(test) else { return };
    let host = world.host(1);
    let mut launcher = Launcher { host: &host, test, count: 0 };
    for error in ERRORS {
        let mut refused = launcher.start(error, &[CALL]);
        let peer = launcher.peer();
        refused.watch.expect(["joined peer 192.0.2.1"]);
        peer.kill();
        refused.watch.expect(["left peer (expired)"]);
        expect_words(&mut refused.watch, WORDS, error);
        expect_no_spin(&[(error.into(), &refused)], Duration::from_secs(1));
        refused.set(error, &[]);
        expect_that(&mut refused.watch, "nothing is refused", |watch| state(watch) == "Running");
    }
}

/// A call of another thread wakes the thread of the node.
#[test]
fn a_refused_wake_is_named_until_it_works() {
    let test = "a_refused_wake_is_named_until_it_works";
    let Some(world) = world(test) else { return };
    let host = world.host(1);
    let mut launcher = Launcher { host: &host, test, count: 0 };
    let seeds = support::scratch().join(test);
    let write = |list: &str| fs::write(&seeds, list).expect("the scratch folder can be written");
    for error in ERRORS {
        write("192.0.2.2:49002");
        let (mut command, rules) = launcher.command(error, &["sendto"]);
        command.args(["--mode", "both", "--seed-file", seeds.to_str().expect("UTF-8")]);
        let mut refused = Refused { watch: Program::start(&mut command), rules };
        refused.watch.expect_to_take(Signal::SIGHUP);
        write("192.0.2.3:49002");
        refused.watch.signal(Signal::SIGHUP);
        refused.watch.expect(["took new seeds"]);
        expect_words(&mut refused.watch, "Running Limited sendto and recvfrom: ", error);
        refused.set(error, &[]);
        write("192.0.2.4:49002");
        refused.watch.signal(Signal::SIGHUP);
        expect_that(&mut refused.watch, "nothing is refused", |watch| state(watch) == "Running");
    }
}

/// H15 of the cases. The watchdog reopens the sockets while the system refuses it.
#[test]
fn sockets_keep_their_port_through_a_failed_reopen() {
    let test = "sockets_keep_their_port_through_a_failed_reopen";
    let Some(world) = world_with_firewall(test) else { return };
    let host = world.host(1);
    let mut launcher = Launcher { host: &host, test, count: 0 };
    let mut all = ERRORS.map(|error| {
        let (mut command, rules) = launcher.command(error, &["bind"]);
        fs::write(&rules, "").expect("the scratch folder can be written");
        (error, Refused { watch: Program::start(&mut command), rules })
    });
    for (_, refused) in &mut all {
        expect_words(&mut refused.watch, "Running", "before");
    }
    let before = udp_ports(&all[0].1.watch);
    host.firewall_rule("input", "meta l4proto udp drop");
    all.iter().for_each(|(error, refused)| refused.set(error, &["bind"]));
    for (error, refused) in &mut all {
        expect_words(&mut refused.watch, "Degraded Socket IPv4 is not used: bind: ", error);
    }
    assert_eq!(udp_ports(&all[0].1.watch), []);
    host.configure("nft", "flush ruleset");
    for (error, refused) in &mut all {
        refused.set(error, &[]);
        expect_that(&mut refused.watch, "nothing is wrong", |watch| state(watch) == "Running");
    }
    assert_eq!(udp_ports(&all[0].1.watch), before);
}

/// Local ports of the UDP sockets on the host of a program, in order.
fn udp_ports(program: &Program) -> Vec<u16> {
    let table = |name| fs::read_to_string(format!("/proc/{}/net/{name}", program.id())).expect("it runs");
    let port = |line: &str| u16::from_str_radix(line.split_whitespace().nth(1)?.rsplit(':').next()?, 16).ok();
    let mut ports: Vec<u16> =
        [table("udp"), table("udp6")].iter().flat_map(|table| table.lines().filter_map(port)).collect();
    ports.sort_unstable();
    ports
}

/// N6 of the cases.
#[test]
fn a_port_that_is_held_in_one_family_leaves_the_other() {
    let Some(world) = world("a_port_that_is_held_in_one_family_leaves_the_other") else { return };
    let (host, other) = (world.host_with_ipv6(1, "nodad"), world.host_with_ipv6(2, "nodad"));
    let mut watcher = watch_with(&other, "watcher", &["--ipv4-only"]);
    let mut holder = script(&host, "hold.py", &["::1"]);
    holder.expect(["holding"]);
    let mut node = rust_watch(&host, "node");
    node.expect(["joined watcher 192.0.2.2"]);
    watcher.expect(["joined node 192.0.2.1"]);
    expect_state(
        &mut node,
        "Degraded Socket nothing is received from the IPv6 group: UDP port 49001 is in use by a socket that does not share it",
    );
    holder.kill();
    expect_state(&mut node, "Running");
    expect_interface(&mut node, "eth0", 6, "Used");
    assert!(interface(&mut node, "eth0", 4).starts_with("Used "));
}

/// N7 of the cases.
#[test]
fn interfaces_are_found_without_netlink() {
    let Some(world) = world("interfaces_are_found_without_netlink") else { return };
    let (host, other) = (world.host_with_ipv6(1, "nodad"), world.host(2));
    let mut watcher = rust_watch(&other, "watcher");
    let mut launcher = Launcher { host: &host, test: "interfaces_are_found_without_netlink", count: 29_000 };
    let mut refused = launcher.start("EAFNOSUPPORT", &["socket 16"]);
    refused.watch.expect(["joined watcher 192.0.2.2"]);
    watcher.expect(["joined node 192.0.2.1"]);
    expect_words(
        &mut refused.watch,
        "Running Limited a socket for reports of changes: socket(AF_NETLINK): ",
        "netlink",
    );
    // The node looks at its interfaces before each announcement.
    host.ip("addr del 192.0.2.1/24 dev eth0");
    host.ip("addr add 192.0.2.9/24 dev eth0");
    watcher.expect(["updated node 192.0.2.9"]);
}

/// H4 of the cases: a sandbox that permits no further descriptors.
#[test]
fn a_node_goes_on_when_no_descriptor_can_be_opened() {
    let Some(world) = world("a_node_goes_on_when_no_descriptor_can_be_opened") else { return };
    let (host, other) = (world.host(1), world.host(2));
    let mut watcher = rust_watch(&other, "watcher");
    let mut node = rust_watch(&host, "node");
    watcher.expect(["joined node 192.0.2.1"]);
    let limits = host.command("prlimit").args(["--nofile=0", "--pid", &node.id().to_string()]).status();
    assert!(limits.expect("nsenter runs").success());
    expect_words(&mut node, "Running Limited poll: ", "RLIMIT_NOFILE of 0");
    let late = rust_watch(&other, "late");
    node.expect(["joined watcher 192.0.2.2", "joined late 192.0.2.2"]);
    late.kill();
    node.expect(["left late (unreachable)"]);
    watcher.never_printed("left node");
}

/// The calls and options of Linux 3.10, as RHEL 7 has it.
#[test]
fn linux_3_10_has_all_that_a_node_needs() {
    const NEWER: [&str; 16] = [
        "getrandom",
        "memfd_create",
        "statx",
        "copy_file_range",
        "preadv2",
        "pwritev2",
        "clone3",
        "rseq",
        "membarrier",
        "close_range",
        "epoll_pwait2",
        "faccessat2",
        "openat2",
        "pidfd_open",
        "io_uring_setup",
        "renameat2",
    ];
    let test = "linux_3_10_has_all_that_a_node_needs";
    let Some(world) = world(test) else { return };
    let (host, other) = (world.host(1), world.host(2));
    let mut watcher = rust_watch(&other, "watcher");
    let mut launcher = Launcher { host: &host, test, count: 29_000 };
    let calls = [&NEWER[..], &["setsockopt", "timerfd_create"]].concat();
    let (mut command, rules) = launcher.command("ENOSYS", &calls);
    let rest = "ENOPROTOOPT setsockopt * 41 29\nEINVAL timerfd_create 7\n";
    fs::write(&rules, lines("ENOSYS", &NEWER) + rest).expect("the scratch folder can be written");
    let mut old = Program::start(&mut command);
    old.expect(["joined watcher 192.0.2.2"]);
    watcher.expect(["joined node 192.0.2.1"]);
    expect_words(&mut old, "timerfd of CLOCK_BOOTTIME: Invalid argument", "Linux 3.10");
}

/// The lists of docs/peers.service.
#[test]
fn a_node_runs_in_the_sandbox_of_the_example_service() {
    let Some(world) = world("a_node_runs_in_the_sandbox_of_the_example_service") else { return };
    let (host, other) = (world.host_with_ipv6(1, "nodad"), world.host(2));
    let mut watcher = rust_watch(&other, "watcher");
    let mut command = host.command(refuse().to_str().expect("UTF-8"));
    command.arg(support::root().join("docs/peers.service")).arg(support::example("watch"));
    let mut node = Program::start(command.args(["--interval", "200", "--expiry", "1000", "--name", "node"]));
    node.expect(["joined watcher 192.0.2.2"]);
    watcher.expect(["joined node 192.0.2.1"]);
    assert_eq!(state(&mut node), "Running");
    host.ip("addr del 192.0.2.1/24 dev eth0");
    host.ip("addr add 192.0.2.9/24 dev eth0");
    watcher.expect(["updated node 192.0.2.9"]);
    node.signal(Signal::SIGTERM);
    watcher.expect(["left node (goodbye)"]);
}
