//! A flood of peers that there are not: who was there stays listed, and the registry keeps to its size.

use nix::sys::signal::Signal;

use crate::nodes::{counted, expect_counted, script, watch_with, world};

#[test]
fn a_flood_of_new_peers_evicts_no_peer_and_blocks_no_call() {
    let Some(world) = world("a_flood_of_new_peers_evicts_no_peer_and_blocks_no_call") else {
        return;
    };
    let (host, other, hostile) = (world.host(1), world.host(2), world.host(3));
    // Longer than a busy machine keeps a node waiting: the flood is to evict no peer, and none expires meanwhile.
    let life = ["--expiry", "30000"];
    let mut live = watch_with(&other, "live", &life);
    let mut node = watch_with(&host, "node", &[&life[..], &["--max-peers", "50"]].concat());
    node.expect(["joined live 192.0.2.2"]);
    live.expect(["joined node 192.0.2.1"]);

    let mut flood = script(&hostile, "flood.py", &["192.0.2.3", "100000"]);
    flood.expect(["flooding"]);
    expect_counted(&mut node, "refused_full", 1);
    let mut sizes = Vec::new();
    while !flood.has_printed("flooded") {
        sizes.push(counted(&mut node, "peers"));
    }
    assert_eq!(sizes.iter().max(), Some(&50), "what calls returned while it lasted");
    for reason in ["refused_full", "malformed"] {
        assert!(counted(&mut node, reason) > 100, "{reason}");
    }
    node.never_printed("left live");
    node.signal(Signal::SIGUSR1);
    node.line("listed live 192.0.2.2 ");
}
