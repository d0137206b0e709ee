//! Two links with a router between them. It forwards what goes to one host, and no multicast.

use crate::nodes::watch_with;
use support::program::Program;
use support::world::{Host, World};

/// The port of those who are seeds.
pub const PORT: &str = "49002";

/// The router between the world's first link and another one, 198.51.100.0/24. The hosts of both come after it.
pub fn router(world: &World) -> Host<'_> {
    world.add_link("far");
    let router = world.host(254);
    router.ip("route del default");
    router.add_card("eth1", "far", "198.51.100");
    router.sysctl("net.ipv4.ip_forward=1");
    router
}

/// A host at 192.0.2.`number`. No two hosts of both links have one number.
pub fn near(world: &World, number: u8) -> Host<'_> {
    let host = world.host(number);
    host.ip("route del default");
    route_near(&host);
    host
}

/// A host at 198.51.100.`number`.
pub fn far(world: &World, number: u8) -> Host<'_> {
    let host = world.host_without_network(number);
    host.add_card("eth0", "far", "198.51.100");
    route_far(&host);
    host
}

/// Gives both links IPv6 beside: 2001:db8:1::/64 the near one, 2001:db8:2::/64 the far one.
pub fn route_ipv6(router: &Host<'_>) {
    allow_ipv6(router);
    router.sysctl("net.ipv6.conf.all.forwarding=1");
    router.ip("addr add 2001:db8:1::254/64 dev eth0 nodad");
    router.ip("addr add 2001:db8:2::254/64 dev eth1 nodad");
}

/// Gives a host an address in that network, and the way to the other.
pub fn add_ipv6(host: &Host<'_>, network: &str, number: u8) {
    allow_ipv6(host);
    host.ip(&format!("addr add {network}::{number}/64 dev eth0 nodad"));
    host.ip(&format!("route add default via {network}::254"));
}

/// Its addresses are usable at once.
fn allow_ipv6(host: &Host<'_>) {
    for scope in ["all", "default", "eth0"] {
        host.sysctl(&format!("net.ipv6.conf.{scope}.accept_dad=0"));
    }
    host.sysctl("net.ipv6.conf.all.disable_ipv6=0");
}

/// The way to the other link, which goes with the card.
pub fn route_near(host: &Host<'_>) {
    host.ip("route add default via 192.0.2.254");
}

pub fn route_far(host: &Host<'_>) {
    host.ip("route add default via 198.51.100.254");
}

/// A node that sends no multicast, and hears none.
pub fn unicast_watch(host: &Host<'_>, name: &str, options: &[&str]) -> Program {
    watch_with(host, name, &[&["--mode", "seeds"], options].concat())
}

/// As `unicast_watch`, one that can be a seed.
pub fn seed_watch(host: &Host<'_>, name: &str, options: &[&str]) -> Program {
    unicast_watch(host, name, &[&["--unicast-port", PORT], options].concat())
}
