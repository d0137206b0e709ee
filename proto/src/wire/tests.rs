//! Tests of both directions.

use super::*;

fn about<'a>(name: &'a str, value: &'a [u8]) -> Announcement<'a> {
    let expiry = Duration::from_secs(35);
    let cluster = "blue";
    Announcement {
        cluster,
        id: [7; 16],
        sequence: 300,
        name,
        expiry,
        port: 8080,
        value,
        ..Default::default()
    }
}

/// The addresses 192.0.2.1 and so on, and as many of IPv6.
fn addresses(count: u8) -> Addresses {
    let v4 = (1..=count).map(|last| [192, 0, 2, last].into());
    v4.chain((1..=count).map(|last| [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last].into()))
        .collect()
}

/// A message with all that a message can have.
fn full<'a>(name: &'a str, value: &'a [u8]) -> Announcement<'a> {
    Announcement {
        answer_to_group: true,
        nonce: Some([1; 16]),
        echo: Some([2; 16]),
        addresses: addresses(2),
        is_observer: true,
        to_seed: true,
        ..about(name, value)
    }
}

#[test]
fn an_encoded_beacon_is_the_legacy_programs_and_reads_back() {
    let datagram = encode_legacy("zürich-1");
    assert_eq!(datagram, "multitastic:zürich-1".as_bytes());
    assert_eq!(decode(&datagram), Ok(Message::Legacy { name: "zürich-1" }));
}

#[test]
fn what_is_no_beacon_is_malformed() {
    let cases: [&[u8]; 11] = [
        b"",
        b"multitastic",
        b"multitastic:",
        b"Multitastic:a",
        b" multitastic:a",
        b"multitastic:a\n",
        b"multitastic:a\0b",
        b"multitastic:\xff\xfe",
        b"multitastic:\x1b[2J",
        &[0xff; 1500],
        &encode_legacy(&"n".repeat(name::MAX_LEN + 1)),
    ];
    for case in cases {
        assert_eq!(decode(case), Err(Malformed), "{case:?}");
    }
}

#[test]
fn a_message_of_each_kind_reads_back() {
    for kind in [Kind::Announce, Kind::Goodbye] {
        let full = full("zürich-1", b"\x00value\xff");
        assert_eq!(decode(&encode(kind, &full)), Ok(Message::Native(kind, full)));
        let bare = Announcement { cluster: "", port: 0, value: b"", ..about("a", b"") };
        assert_eq!(decode(&encode(kind, &bare)), Ok(Message::Native(kind, bare)));
    }
    let probe = Probe { cluster: "blue", id: [7; 16], nonce: [9; 16] };
    assert_eq!(decode(&encode_probe(&probe, 0)), Ok(Message::Probe(probe)));
}

#[test]
fn query_has_the_maximum_length_and_reads_back_with_its_filter() {
    let name = "n".repeat(60);
    for value_len in 0..=max_value_len(&name, "blue") {
        let value = vec![1; value_len];
        let about = Announcement { sequence: u64::MAX, echo: None, ..full(&name, &value) };
        let query = encode_query(&about, [[5; 16]].into_iter());
        assert_eq!(query.len(), MAX_MESSAGE, "{value_len}");
        let Ok(Message::Native(Kind::Query, read)) = decode(&query) else { panic!("{value_len}") };
        assert_eq!(Announcement { known_answers: &[], addresses: about.addresses, ..read }, about);
        let is_filter = read.known_answers.len() >= known_answers::MIN_FILTER_LEN;
        assert_eq!(known_answers::contains(read.known_answers, u64::MAX, &[5; 16]), is_filter, "{value_len}");
        assert!(!known_answers::contains(read.known_answers, u64::MAX, &[6; 16]));
    }
}

#[test]
fn message_keeps_its_lengths_by_leaving_out_addresses() {
    let about = Announcement { addresses: addresses(4), ..about("kitchen", b"warm") };
    let all = encode(Kind::Announce, &about).len();
    let bare = encode(Kind::Announce, &Announcement { addresses: Addresses::default(), ..about }).len();
    for most in bare..=all + 60 {
        let announce = encode_within(Kind::Announce, &about, most..=most);
        assert!(announce.len() == most || most == bare + 1, "{} of {most}", announce.len());
        let Ok(Message::Native(Kind::Announce, read)) = decode(&announce) else { panic!("{most}") };
        assert_eq!(read.addresses.len() == 8, most >= all && most != all + 1, "{most}");
    }
    assert_eq!(encode_within(Kind::Announce, &about, all + 1..=all + 5).len(), all + 2, "one byte longer");
}

#[test]
fn a_probe_has_the_length_that_is_wanted_or_one_byte_less() {
    let probe = Probe { cluster: "blue", id: [7; 16], nonce: [9; 16] };
    let bare = encode_probe(&probe, 0).len();
    assert_eq!(encode_probe(&probe, bare + 1).len(), bare, "one byte cannot be padded");
    for len in (bare..=MAX_MESSAGE).filter(|len| *len != bare + 1) {
        assert_eq!(encode_probe(&probe, len).len(), len);
        assert_eq!(decode(&encode_probe(&probe, len)), Ok(Message::Probe(probe)));
    }
}

#[test]
fn longest_value_fits_beside_the_longest_texts() {
    let longest = "n".repeat(name::MAX_LEN);
    let room = max_value_len(&longest, &longest);
    assert!(room > 500);
    let value = vec![1; room];
    let about = Announcement {
        cluster: &longest,
        sequence: u64::MAX,
        expiry: Duration::MAX,
        port: u16::MAX,
        answer_to_group: false,
        is_observer: false,
        addresses: Addresses::default(),
        ..full(&longest, &value)
    };
    assert_eq!(encode(Kind::Announce, &about).len(), MAX_MESSAGE);
}

#[test]
fn cluster_message_of_each_kind_reads_back_within_its_limit() {
    let cluster = "n".repeat(name::MAX_LEN);
    let (packet, entries) = (vec![1; max_packet_len(&cluster)], vec![2; max_page_len(&cluster, MAX_MESSAGE)]);
    for (kind, content) in [
        (ClusterKind::Packet, Content::Packet(&packet)),
        (ClusterKind::Ask, Content::Digest(u64::MAX)),
        (ClusterKind::Ask, Content::Page([9; 16], &entries)),
        (ClusterKind::Tell, Content::Page([0; 16], &[])),
    ] {
        let message = ClusterMessage { cluster: &cluster, id: [7; 16], sequence: u64::MAX, content };
        for least in [0, 500, MAX_MESSAGE] {
            let datagram = encode_cluster(kind, &message, least);
            assert!((least.saturating_sub(1)..=MAX_MESSAGE).contains(&datagram.len()), "{}", datagram.len());
            assert_eq!(decode(&datagram), Ok(Message::Cluster(kind, message)));
        }
    }
}

#[test]
fn every_cut_and_every_flipped_bit_is_read_without_a_panic() {
    let datagram = encode(Kind::Announce, &full("kitchen", b"value"));
    for len in 0..datagram.len() {
        assert_eq!(decode(&datagram[..len]), Err(Malformed), "cut to {len}");
    }
    for bit in 0..datagram.len() * 8 {
        let mut damaged = datagram.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let _ = decode(&damaged);
    }
}

/// A message of the map written out in `pairs`.
fn of_map(map: &[u8]) -> Vec<u8> {
    [b"PEER\x01\x01", map].concat()
}

const REQUIRED: &[u8] = b"\x01\x500123456789abcdef\x02\x01\x03\x61n\x04\x19\x88\xb8";

#[test]
fn unknown_keys_are_skipped_and_other_surprises_malformed() {
    assert!(decode(&of_map(&[b"\xa4", REQUIRED].concat())).is_ok());
    let nested = b"\x18\x63\x82\xa1\x61x\xf6\xf9\x3c\x00";
    assert!(decode(&of_map(&[b"\xa5", REQUIRED, nested].concat())).is_ok(), "an unknown key");
    let cases: [(&str, Vec<u8>); 18] = [
        ("a key is missing", [b"\xa3", &REQUIRED[..REQUIRED.len() - 4]].concat()),
        ("a key comes twice", [b"\xa5", REQUIRED, b"\x02\x02"].concat()),
        ("an echo is short", [b"\xa5", REQUIRED, b"\x0a\x41x"].concat()),
        ("padding is a text", [b"\xa5", REQUIRED, b"\x07\x61x"].concat()),
        ("padding comes twice", [b"\xa6", REQUIRED, b"\x07\x40\x07\x40"].concat()),
        ("an address of 5 bytes", [b"\xa5", REQUIRED, b"\x0f\x81\x4512345"].concat()),
        ("an address that is a text", [b"\xa5", REQUIRED, b"\x0f\x81\x641234"].concat()),
        ("addresses that are no array", [b"\xa5", REQUIRED, b"\x0f\x441234"].concat()),
        ("nine addresses", [b"\xa5", REQUIRED, b"\x0f\x89", &b"\x441234".repeat(9)].concat()),
        ("an observer that is a number", [b"\xa5", REQUIRED, b"\x10\x01"].concat()),
        ("bytes follow", [b"\xa4", REQUIRED, b"\x00"].concat()),
        ("a pair is missing", [b"\xa5", REQUIRED].concat()),
        ("a key is a text", [b"\xa5", REQUIRED, b"\x61a\x00"].concat()),
        ("the map has no length", [b"\xbf", REQUIRED, b"\xff"].concat()),
        ("the port is too large", [b"\xa5", REQUIRED, b"\x05\x1a\x00\x01\x00\x00"].concat()),
        ("the cluster has a control character", [b"\xa5", REQUIRED, b"\x00\x61\n"].concat()),
        ("it is longer than any datagram", [b"\xa5", REQUIRED, b"\x07\x59\x04\xb1", &[0; 1201]].concat()),
        (
            "the value claims more than there is",
            [b"\xa5", REQUIRED, b"\x06\x5b\xff\xff\xff\xff\xff\xff\xff\xff"].concat(),
        ),
    ];
    for (what, map) in cases {
        assert_eq!(decode(&of_map(&map)), Err(Malformed), "{what}");
    }
    let other_version = of_map(&[b"\xa4", REQUIRED].concat());
    for (at, byte) in [(4, 2), (5, 4), (5, 5), (5, 6), (5, 7), (5, 8)] {
        let mut datagram = other_version.clone();
        datagram[at] = byte;
        assert_eq!(decode(&datagram), Err(Malformed), "byte {at} is {byte}");
    }
}
