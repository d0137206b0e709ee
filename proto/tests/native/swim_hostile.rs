//! Clusters under attack: what is forged and damaged costs no more than its share.

use std::time::Duration;

use peers_proto::wire::{self, ClusterKind, ClusterMessage, Content, Message};
use peers_proto::{Mode, Node, Settings};

use super::members::*;
use crate::harness::*;

const SECOND: Duration = Duration::from_secs(1);
const MAX: usize = 20;

/// A packet of a stranger: kind, the third member it is about, and the members it tells of.
fn packet(
    sender: [u8; 16],
    to: [u8; 16],
    kind: u8,
    third: Option<[u8; 16]>,
    told: &[([u8; 16], u8)],
) -> Vec<u8> {
    let identity =
        |id: [u8; 16]| [&id[..], &[0; 4], &[0; 10], &[0xff, 0xff, 192, 0, 2, 88], &[0xc3, 0x50]].concat();
    let mut packet = [&identity(sender)[..], &[0, 0], &to, &[0; 4], &[kind, 1]].concat();
    packet.extend(third.into_iter().flat_map(identity));
    if kind != 6 {
        packet.extend((told.len() as u16).to_be_bytes());
        for (id, state) in told {
            packet.extend([&identity(*id)[..], &[0, 0], &[*state]].concat());
        }
    }
    packet
}

fn message(kind: ClusterKind, sender: [u8; 16], sequence: u64, content: Content<'_>) -> Vec<u8> {
    wire::encode_cluster(kind, &ClusterMessage { cluster: "", id: sender, sequence, content }, 0)
}

/// The id of the stranger of that number.
fn stranger(number: u64) -> [u8; 16] {
    let mut id = [0xee; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    id
}

/// Three members with room for a few.
fn small() -> Cluster {
    let mut cluster = Cluster::new();
    for number in 1..=3 {
        cluster.start(Settings { max_peers: MAX, ..member(number) }, place(number), &[place(1)]);
    }
    cluster.run_until_all_know_all(5 * SECOND);
    cluster.forget_events();
    cluster
}

#[test]
fn flood_of_strangers_fills_its_room_and_evicts_no_member() {
    let mut cluster = small();
    let mut number = 0;
    let mut next = || {
        number += 1;
        stranger(number)
    };
    let from = place(88);
    for _ in 0..2000 {
        // Not the last one, 10, by which anybody who has no keys can say to a member that it is dead: it contradicts.
        for kind in 0..10 {
            let sender = next();
            let told = [(next(), 0), (next(), 1), (next(), 2)];
            let third = (2..=5).contains(&kind).then(&mut next);
            let forged = packet(sender, [1; 16], kind, third, &told);
            let forged = message(ClusterKind::Packet, sender, 1, Content::Packet(&forged));
            cluster.hear(0, &forged, from);
        }
        for content in [Content::Digest(1), Content::Page([0; 16], b"")] {
            cluster.hear(0, &message(ClusterKind::Ask, next(), 1, content), from);
            cluster.hear(0, &message(ClusterKind::Tell, next(), 1, content), from);
        }
    }
    cluster.run(SECOND);
    assert!(cluster.node(0).peer_count() <= MAX);
    assert_eq!(cluster.lists(), [vec!["2", "3"], vec!["1", "3"], vec!["1", "2"]]);
    cluster.run(Duration::from_secs(60));
    let events: Vec<_> = (0..3).map(|index| cluster.take_events(index)).collect();
    assert!(events.iter().all(Vec::is_empty), "{events:?}");
    let small = Settings { max_peers: MAX, ..member(9) };
    cluster.start(small, place(9), &[place(1)]);
    cluster.run_until_all_know_all(5 * SECOND);
}

#[test]
fn packets_of_another_run_or_cut_short_take_no_room() {
    let mut cluster = small();
    for number in 0..1000 {
        let sender = stranger(number);
        // A ping to another generation, and one that tells of a member in no state.
        let mut other = packet(sender, [1; 16], 0, None, &[(stranger(number + 5000), 0)]);
        other[38 + 2 + 16 + 3] = 9;
        let wrong = packet(stranger(number + 10_000), [1; 16], 0, None, &[(stranger(number + 20_000), 7)]);
        for (sender, packet) in [(sender, other), (stranger(number + 10_000), wrong)] {
            let forged = message(ClusterKind::Packet, sender, 1, Content::Packet(&packet));
            cluster.hear(0, &forged, place(88));
        }
    }
    // There is room for as many as before.
    for number in 4..=10 {
        cluster.start(Settings { max_peers: MAX, ..member(number) }, place(number), &[place(1)]);
    }
    cluster.run_until_all_know_all(5 * SECOND);
}

/// A packet that comes from the address of member 2 to member 1, and claims these states of identities.
fn claims_of_2(claims: &[([u8; 16], u32, u8)], sequence: u64) -> Vec<u8> {
    let mut packet = packet([2; 16], [1; 16], 8, None, &[]);
    let at = packet.len() - 2;
    packet[at..].copy_from_slice(&(claims.len() as u16).to_be_bytes());
    for (id, generation, state) in claims {
        packet.extend_from_slice(id);
        packet.extend(generation.to_be_bytes());
        packet
            .extend([&[0; 10][..], &[0xff, 0xff, 192, 0, 2, 88], &[0xc3, 0x50], &[0, 0], &[*state]].concat());
    }
    message(ClusterKind::Packet, [2; 16], 1 << 20 | sequence, Content::Packet(&packet))
}

#[test]
fn a_great_generation_brings_about_no_packets() {
    let sent_with = |forged: &[([u8; 16], u32, u8)]| {
        let mut cluster = small();
        cluster.record = Some(Vec::new());
        cluster.hear(0, &claims_of_2(forged, 0), place(2));
        cluster.run(Duration::from_secs(40));
        assert_eq!(cluster.lists(), [vec!["2", "3"], vec!["1", "3"], vec!["1", "2"]]);
        assert!((0..3).all(|index| cluster.take_events(index).is_empty()));
        cluster.record.take().expect("it is kept").len()
    };
    let quiet = sent_with(&[]);
    for (generation, state) in [(u32::MAX, 0), (u32::MAX, 2), (17, 0), (17, 2)] {
        let sent = sent_with(&[([3; 16], generation, state)]);
        assert!(sent <= quiet + quiet / 20, "{sent} packets in the place of {quiet}");
    }
}

#[test]
fn claims_about_a_member_are_answered_once_a_unit() {
    let mut cluster = small();
    cluster.record = Some(Vec::new());
    // Thirty a second, about the receiver and about another member.
    for step in 0..300 {
        for (number, claim) in [([1; 16], 0, 2), ([1; 16], step, 0), ([3; 16], 0, 2)].into_iter().enumerate()
        {
            let sequence = 10 * u64::from(step) + number as u64;
            cluster.hear(0, &claims_of_2(&[claim], sequence), place(2));
        }
        cluster.run(SECOND / 10);
    }
    let sent = cluster.record.take().expect("it is kept").len();
    assert!(sent < 30 * 60, "{sent} packets of three members in 30 s");
    cluster.run(Duration::from_secs(40));
    assert!((0..3).all(|index| cluster.take_events(index).is_empty()));
}

#[test]
fn an_invented_member_is_probed_for_a_moment_and_gets_no_seat() {
    let mut cluster = small();
    cluster.record = Some(Vec::new());
    let mut received = 0;
    for step in 0..200u64 {
        let invented: Vec<_> = (0..24).map(|number| (stranger(step * 24 + number), 0, 0)).collect();
        let forged = claims_of_2(&invented, step);
        received += forged.len();
        cluster.hear(0, &forged, place(2));
        cluster.run(SECOND / 100);
    }
    // The lifetime of a candidate.
    cluster.run(10 * SECOND);
    let is_invented = |flying: &&Flying| flying.to == std::net::SocketAddr::from(([192, 0, 2, 88], 50_000));
    let sent = cluster.record.take().expect("it is kept");
    let bytes: usize = sent.iter().filter(is_invented).map(|flying| flying.bytes.len()).sum();
    assert!(0 < bytes && bytes <= 3 * received + (16 << 10), "{bytes} bytes for {received}");
    cluster.record = Some(Vec::new());
    cluster.run(Duration::from_secs(60));
    let sent = cluster.record.take().expect("it is kept");
    assert_eq!(sent.iter().filter(is_invented).count(), 0, "nothing goes there any more");
    assert_eq!(cluster.lists(), [vec!["2", "3"], vec!["1", "3"], vec!["1", "2"]]);
}

#[test]
fn a_goodbye_passed_on_of_a_member_that_answers_changes_nothing() {
    let mut cluster = small();
    let about = wire::Announcement {
        id: [3; 16],
        sequence: 1 << 20,
        name: "3",
        expiry: EXPIRY,
        ..Default::default()
    };
    let goodbye = wire::encode_within(wire::Kind::Goodbye, &about, 0..=wire::MAX_MESSAGE);
    let mut forged = packet([2; 16], [1; 16], 8, None, &[([3; 16], 2)]);
    forged.extend((goodbye.len() as u16).to_be_bytes());
    forged.extend(goodbye);
    let forged = message(ClusterKind::Packet, [2; 16], 1 << 20, Content::Packet(&forged));
    cluster.hear(0, &forged, place(2));
    cluster.run(Duration::from_secs(60));
    assert!((0..3).all(|index| cluster.take_events(index).is_empty()));
}

#[test]
fn cuts_and_flipped_bits_of_packets_bring_no_panic() {
    let mut cluster = Cluster::new();
    cluster.record = Some(Vec::new());
    for number in 1..=9 {
        cluster.start(Settings { value: vec![number; 20], ..member(number) }, place(number), &[place(1)]);
    }
    cluster.run_until_all_know_all(5 * SECOND);
    cluster.kill(3);
    cluster.run(5 * SECOND);
    let recorded = cluster.record.take().expect("it is kept");
    let mut kinds = std::collections::BTreeMap::new();
    for flying in &recorded {
        let Ok(Message::Cluster(kind, message)) = wire::decode(&flying.bytes) else {
            continue;
        };
        // The longest of each kind.
        let kind = match message.content {
            Content::Packet(packet) => (kind as u8, packet[60]),
            Content::Digest(_) => (kind as u8, 100),
            Content::Page(..) => (kind as u8, 101),
        };
        let longest = kinds.entry(kind).or_insert(flying);
        if flying.bytes.len() > longest.bytes.len() {
            *longest = flying;
        }
    }
    let has = |kind, part| kinds.contains_key(&(kind, part));
    // Ping, ack, ping request, indirect ping, join, gossip; asks and answers.
    assert!([0, 1, 2, 3, 6, 8].iter().all(|part| has(5, *part)), "{:?}", kinds.keys());
    assert!(has(6, 100) && has(6, 101) && has(7, 100), "{:?}", kinds.keys());

    let mut victim = Node::new(Settings { mode: Mode::Swim, id: [1; 16], ..settings() }, cluster.now);
    let mut hear = |mut bytes: Vec<u8>, sequence: u32| {
        // A number that is new, wherever it is.
        if let Some(at) = bytes.windows(2).position(|window| window == [0x02, 0x19]) {
            bytes[at + 2..at + 4].copy_from_slice(&(sequence as u16).to_be_bytes());
        }
        let received = peers_proto::Received {
            from: place(2),
            interface: 2,
            arrival: peers_proto::Arrival::Unicast,
            hops: Some(255),
        };
        victim.handle_datagram(&bytes, received, cluster.now);
        while victim.poll_transmit().is_some() {}
    };
    for flying in kinds.values() {
        let bytes = &flying.bytes;
        for len in 0..bytes.len() {
            hear(bytes[..len].to_vec(), len as u32);
        }
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            hear(damaged, bit as u32);
        }
    }
    assert!(victim.counters().malformed > 1000);
}
