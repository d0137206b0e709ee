//! How it shows that a peer has left, and that one has not.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::nodes::{
    HOURS, LONG_LIFE, counted, expect_counted, rust_watch, watch_with, world, world_with_firewall,
};

#[test]
fn a_goodbye_is_seen_long_before_the_expiry() {
    let Some(world) = world("a_goodbye_is_seen_long_before_the_expiry") else { return };
    let (left, right) = (world.host(1), world.host(2));
    let mut watcher = watch_with(&right, "watcher", &HOURS);
    let leaver = watch_with(&left, "leaver", &HOURS);
    watcher.expect(["joined leaver 192.0.2.1"]);
    leaver.signal(Signal::SIGTERM);
    watcher.expect(["left leaver (goodbye)"]);
}

#[test]
fn a_goodbye_is_seen_when_two_of_its_three_copies_are_lost() {
    let Some(world) = world_with_firewall("a_goodbye_is_seen_when_two_of_its_three_copies_are_lost") else {
        return;
    };
    let (left, right) = (world.host(1), world.host(2));
    // After the head of UDP comes that of the message: "PEER", version 1, kind 3.
    right.firewall_rule("input", "udp dport 49001 @th,64,48 0x504545520103 numgen inc mod 3 < 2 drop");
    let mut watcher = watch_with(&right, "watcher", &HOURS);
    let leaver = watch_with(&left, "leaver", &HOURS);
    watcher.expect(["joined leaver 192.0.2.1"]);
    leaver.signal(Signal::SIGTERM);
    watcher.expect(["left leaver (goodbye)"]);
}

#[test]
fn a_killed_process_is_found_out_before_its_expiry() {
    let Some(world) = world("a_killed_process_is_found_out_before_its_expiry") else { return };
    let (left, right) = (world.host(1), world.host(2));
    // From the first probe on, at 57 % of its life, a busy machine has seconds for the second.
    let life = ["--interval", "2000", "--expiry", "8000"];
    let mut watcher = watch_with(&right, "watcher", &["--expiry", "8000"]);
    let victim = watch_with(&left, "victim", &life);
    watcher.expect(["joined victim 192.0.2.1"]);
    victim.kill();
    // Not "expired".
    watcher.expect(["left victim (unreachable)"]);
}

#[test]
fn a_process_killed_and_started_again_is_one_entry_soon() {
    let Some(world) = world("a_process_killed_and_started_again_is_one_entry_soon") else { return };
    let (left, right) = (world.host(1), world.host(2));
    let mut watcher = watch_with(&right, "watcher", &HOURS);
    let victim = watch_with(&left, "victim", &HOURS);
    watcher.expect(["joined victim 192.0.2.1"]);
    victim.kill();
    let _again = watch_with(&left, "victim", &HOURS);
    watcher.expect(["joined victim 192.0.2.1", "left victim (unreachable)"]);
    watcher.expect_listed("victim", &["192.0.2.1"]);
}

#[test]
fn a_host_that_loses_its_card_expires() {
    let Some(world) = world("a_host_that_loses_its_card_expires") else { return };
    let (left, right) = (world.host(1), world.host(2));
    let mut watcher = rust_watch(&right, "watcher");
    let _lost = rust_watch(&left, "lost");
    watcher.expect(["joined lost 192.0.2.1"]);
    left.unplug();
    watcher.expect(["left lost (expired)"]);
}

#[test]
fn unreachable_from_a_firewall_removes_a_peer_once_at_most() {
    let test = "unreachable_from_a_firewall_removes_a_peer_once_at_most";
    let Some(world) = world_with_firewall(test) else { return };
    let (walled, right) = (world.host(1), world.host(2));
    walled.firewall_rule("input", "udp dport != 49001 reject with icmpx type port-unreachable");
    let mut watcher = rust_watch(&right, "watcher");
    // It is asked at 1.2 s of its life, and announces itself at 1.35 s or later.
    let _live = watch_with(&walled, "live", &["--interval", "1500", "--expiry", "2000"]);
    let ghost = rust_watch(&right, "ghost");
    watcher.expect(["joined live 192.0.2.1", "joined ghost 192.0.2.2"]);
    watcher.expect(["left live (unreachable)", "joined live 192.0.2.1"]);
    ghost.kill();
    watcher.expect(["left ghost (unreachable)"]);
    // In the life of this one it is asked, and refused, twice or more.
    let ghost = watch_with(&right, "ghost", &LONG_LIFE);
    watcher.expect(["joined ghost 192.0.2.2"]);
    ghost.signal(Signal::SIGSTOP);
    watcher.expect(["left ghost (expired)"]);
    watcher.never_printed("left live");
}

#[test]
fn a_process_stopped_beyond_the_expiry_keeps_its_peers() {
    let test = "a_process_stopped_beyond_the_expiry_keeps_its_peers";
    let Some(world) = world_with_firewall(test) else { return };
    let [bedroom, one, two] = [1, 2, 3].map(|number| world.host(number));
    // By its own expiry it misses the ghost for so long that the stop cannot be taken for a busy machine.
    let mut a = watch_with(&one, "a", &LONG_LIFE);
    let mut b = rust_watch(&two, "b");
    let ghost = watch_with(&one, "ghost", &LONG_LIFE);
    let mut sleeper = rust_watch(&bedroom, "sleeper");
    sleeper.expect(["joined a 192.0.2.2", "joined b 192.0.2.3", "joined ghost 192.0.2.2"]);
    a.expect(["joined ghost 192.0.2.2"]);

    // As in a machine that sleeps, nothing waits for it to wake up.
    bedroom.firewall_rule("input", "drop");
    sleeper.signal(Signal::SIGSTOP);
    ghost.signal(Signal::SIGSTOP);
    a.expect(["left ghost (expired)"]);
    bedroom.firewall_rule("input", "accept");
    sleeper.signal(Signal::SIGCONT);

    // It lives as long as those, or longer; and it alone is gone.
    sleeper.expect(["left ghost (expired)"]);
    let _late = rust_watch(&one, "late");
    sleeper.expect(["joined late 192.0.2.2"]);
    sleeper.never_printed("left");
    a.expect_listed("sleeper", &["192.0.2.1"]);
    b.expect_listed("sleeper", &["192.0.2.1"]);
}

#[test]
fn what_waited_while_a_process_was_stopped_renews_no_peer() {
    let test = "what_waited_while_a_process_was_stopped_renews_no_peer";
    let Some(world) = world_with_firewall(test) else { return };
    let [bedroom, one, two] = [1, 2, 3].map(|number| world.host(number));
    let expiry = ["--interval", "100", "--expiry", "12000"];
    let mut sleeper = watch_with(&bedroom, "sleeper", &expiry);
    let victim = watch_with(&one, "victim", &expiry);
    let mut live = watch_with(&two, "live", &expiry);
    sleeper.expect(["joined victim 192.0.2.2", "joined live 192.0.2.3"]);
    live.expect(["joined victim 192.0.2.2"]);
    sleeper.signal(Signal::SIGSTOP);
    // An expiry and more of announcements of the victim. Then nothing at its address tells that it is dead.
    let received = counted(&mut live, "received");
    expect_counted(&mut live, "received", received + 2 * 2 * 130);
    one.firewall_rule("input", "meta l4proto udp drop");
    victim.kill();
    sleeper.signal(Signal::SIGCONT);
    let resumed = Instant::now();
    sleeper.expect(["left victim (expired)"]);
    assert!(resumed.elapsed() < Duration::from_secs(10), "{:?}", resumed.elapsed());
    sleeper.never_printed("left live");
}
