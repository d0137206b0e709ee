//! What `peers doctor` advises: what is known of kinds of networks, of firewalls, and of what a node counts.

use std::path::Path;

use peers::{Config, Counters, Mode};

use super::has_multicast;
use super::interfaces::Interface;
use super::report::Level;

/// Returns the groups and ports by which a node with these options sends and receives.
pub fn way(config: &Config) -> String {
    let groups = [config.group_v4.map(|v4| v4.to_string()), config.group_v6.map(|v6| v6.to_string())];
    let groups: Vec<_> = groups.into_iter().flatten().collect();
    let groups = format!("multicast groups {}, UDP port {}", groups.join(" and "), config.port);
    let own = match config.unicast_port {
        0 => "its own UDP port is any".to_owned(),
        port => format!("its own UDP port is {port}"),
    };
    match config.mode {
        Mode::Multicast => groups,
        _ if has_multicast(config) => format!("{groups}; {own}"),
        _ => format!("no multicast; {own}"),
    }
}

/// Returns what is known of this kind of interface.
pub fn of_interface(interface: &Interface) -> Option<String> {
    of_kind(&interface.kind).map(str::to_owned)
}

fn of_kind(kind: &str) -> Option<&'static str> {
    match kind {
        "wlan" => Some("Wi-Fi: some access points isolate their clients, or drop multicast."),
        "tun" => Some("A tunnel: most VPNs carry no multicast."),
        "wireguard" => Some("WireGuard carries no multicast."),
        "bridge" => Some("A bridge: it reaches the containers on it, not the hosts behind other interfaces."),
        _ => None,
    }
}

/// Returns the reasons for which a node of another host may not be received.
pub fn of_no_node(config: &Config, interfaces: &[Interface]) -> Vec<String> {
    let mut advice = vec![
        "It needs the same --cluster, --key-file, --group and --group-port. A node of another cluster or key does not \
         answer; with --wait 20s its announcements are counted below."
            .to_owned(),
    ];
    if has_multicast(config) {
        advice.push("It needs to be on the same link: routers do not forward announcements.".to_owned());
        advice.push(format!(
            "Its firewall needs to let in UDP port {}. Run peers doctor there too.",
            config.port
        ));
    }
    if ["/.dockerenv", "/run/.containerenv"].iter().any(|mark| Path::new(mark).exists()) {
        advice.push(
            "This is a container, whose network is not that of its host: try --network host.".to_owned(),
        );
    }
    let mut kinds: Vec<_> =
        interfaces.iter().filter(|one| one.obstacle.is_none()).map(|one| &*one.kind).collect();
    kinds.dedup();
    if kinds.contains(&"tun") || kinds.contains(&"wireguard") {
        advice.push("This host is on a VPN: name the local interface by --interface.".to_owned());
    }
    if has_multicast(config) {
        advice.push(
            "A switch with IGMP snooping needs a querier on the link, or it ends multicast after minutes."
                .to_owned(),
        );
    }
    advice
}

/// Returns how others find a node that has no seed.
pub fn of_no_seed(unicast_port: u16) -> [String; 1] {
    [match unicast_port {
        0 => "Give it a --unicast-port: without one its port differs at each start, and no other node can name it.".to_owned(),
        port => format!("The others name it by --seed, with an address of this host and port {port}."),
    }]
}

/// Returns the reasons for which a seed may not answer.
pub fn of_silent_seeds() -> [String; 3] {
    [
        "It needs the same --cluster and --key-file, and the port of the seed as its --unicast-port.",
        "It needs a mode with seeds, or seeds of its own: by multicast alone it answers the local link only. If one side has \
         --mode swim, both need it.",
        "Every firewall on the way needs to let in that UDP port. Run peers doctor there too.",
    ]
    .map(str::to_owned)
}

/// Returns what to do about a name that is not resolved.
pub fn of_names() -> [String; 1] {
    ["Try: getent ahosts NAME. If the name is right, look at /etc/resolv.conf. The other seeds are used all the same.".to_owned()]
}

/// Returns each counter: its name, its value, how much it matters if it is not zero, and what it means.
pub fn of_counters(counters: &Counters) -> [(&'static str, u64, Level, &'static str); 16] {
    use Level::{Note, Warning};
    let c = counters;
    [
        ("sent", c.sent, Note, "datagrams sent"),
        ("send_errors", c.send_errors, Warning, "sends that the system refused"),
        ("received", c.received, Note, "datagrams received, of every kind"),
        ("looped_back", c.looped_back, Note, "received: the node's own, looped back by the system"),
        (
            "malformed",
            c.malformed,
            Warning,
            "received: not libpeers; another program uses this group and port",
        ),
        (
            "wrong_key",
            c.wrong_key,
            Warning,
            "received: sealed with another --key-file, or without one where this node has one; or sealed where it has none",
        ),
        (
            "other_cluster",
            c.other_cluster,
            Note,
            "received: from another --cluster, or a legacy beacon that this node does not take",
        ),
        ("stale", c.stale, Note, "received: not newer than what was known, such as a second copy"),
        (
            "unvalidated",
            c.unvalidated,
            Note,
            "received: from nodes that had not proved their key yet, as each newcomer; if none is listed, a replay",
        ),
        ("refused_full", c.refused_full, Warning, "newcomers refused: the list has --max-peers entries"),
        (
            "rate_limited",
            c.rate_limited,
            Note,
            "replies and probes not sent: too many were due at once; a flood or a forgery if it rises",
        ),
        (
            "off_link",
            c.off_link,
            Warning,
            "received: from outside the local link; a router forwards multicast, or it is a forgery",
        ),
        (
            "id_conflicts",
            c.id_conflicts,
            Warning,
            "received: with the instance id of this node, from another; a clone of this host, or a forgery",
        ),
        ("dropped", c.dropped, Warning, "datagrams lost because a queue was full"),
        (
            "sockets_reopened",
            c.sockets_reopened,
            Note,
            "times the sockets were reopened, or interfaces joined or left",
        ),
        ("events_lost", c.events_lost, Warning, "events lost because their queue was full"),
    ]
}
