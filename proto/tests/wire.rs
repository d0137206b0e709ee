//! The wire format in both directions, and what else has a form of its own: keys, addresses. The test vectors of
//! `protocol` have the rest.

use std::time::Duration;

use peers_proto::wire::known_answers::{MIN_FILTER_LEN, contains, insert};
use peers_proto::wire::*;
use peers_proto::{KEY_LEN, Key, Peer, Source};

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
fn query_has_the_maximum_length_and_reads_back_with_its_filter() {
    let name = "n".repeat(60);
    for value_len in 0..=max_value_len(&name, "blue") {
        let value = vec![1; value_len];
        let about = Announcement { sequence: u64::MAX, echo: None, ..full(&name, &value) };
        let query = encode_query(&about, [[5; 16]].into_iter());
        assert_eq!(query.len(), MAX_MESSAGE, "{value_len}");
        let Ok(Message::Native(Kind::Query, read)) = decode(&query) else { panic!("{value_len}") };
        assert_eq!(Announcement { known_answers: &[], addresses: about.addresses, ..read }, about);
        let is_filter = read.known_answers.len() >= MIN_FILTER_LEN;
        assert_eq!(contains(read.known_answers, u64::MAX, &[5; 16]), is_filter, "{value_len}");
        assert!(!contains(read.known_answers, u64::MAX, &[6; 16]));
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

fn id(number: u64) -> InstanceId {
    (u128::from(number) << 64 | 0x1234).to_be_bytes()
}

#[test]
fn zeros_are_the_empty_filter_and_a_short_filter_is_none() {
    assert!((0..1000).all(|number| !contains(&[0; 1000], 7, &id(number))));
    let mut short = [0xff; MIN_FILTER_LEN - 1];
    assert!(!contains(&short, 7, &id(1)));
    insert(&mut short, 7, [id(1)].into_iter());
    assert_eq!(short, [0xff; MIN_FILTER_LEN - 1]);
    assert!(!contains(&[], 7, &id(1)));
}

#[test]
fn full_filter_takes_one_id_for_each_byte_and_few_others_match() {
    let mut filter = [0; 500];
    insert(&mut filter, 7, (0..2000).map(id));
    let contained =
        |numbers: std::ops::Range<u64>| numbers.filter(|number| contains(&filter, 7, &id(*number))).count();
    assert_eq!(contained(0..500), 500);
    let others = contained(2000..12_000);
    assert!((100..=400).contains(&others), "{others} of 10,000");
}

fn peer(address: Option<&str>, interface: u32) -> Peer {
    Peer {
        name: "peer".into(),
        value: Vec::new(),
        address: address.map(|address| address.parse().expect("it is an address")),
        interface,
        addresses: Vec::new(),
        addresses_validated: 0,
        port: 80,
        id: None,
        source: Source::Multicast,
        age: Duration::ZERO,
        expires_in: Duration::ZERO,
    }
}

#[test]
fn only_a_link_local_address_has_a_zone() {
    let zone_name = |index| (index == 1).then(|| "lo".to_owned());
    let cases = [
        (Some("192.0.2.7"), 2, Some("192.0.2.7"), Some("192.0.2.7:80")),
        (Some("2001:db8::7"), 2, Some("2001:db8::7"), Some("[2001:db8::7]:80")),
        (Some("fe80::7"), 1, Some("fe80::7%lo"), Some("[fe80::7%1]:80")),
        (Some("fe80::7"), 4_000_000, Some("fe80::7%4000000"), Some("[fe80::7%4000000]:80")),
        (Some("fe80::7"), 0, Some("fe80::7"), Some("[fe80::7]:80")),
        (None, 0, None, None),
    ];
    for (address, interface, text, socket) in cases {
        let peer = peer(address, interface);
        assert_eq!(peer.address_text(zone_name).as_deref(), text);
        assert_eq!(peer.socket_address().map(|address| address.to_string()).as_deref(), socket);
    }
}

#[test]
fn a_key_of_another_length_is_refused_with_the_right_one() {
    assert_eq!(Key::try_from(&[7; KEY_LEN][..]), Ok(Key::new([7; KEY_LEN])));
    for len in [0, KEY_LEN - 1, KEY_LEN + 1] {
        let error = Key::try_from(&vec![7; len][..]).expect_err("no key has that length");
        assert_eq!(error.to_string(), format!("the key has {len} bytes; a key has 32"));
    }
}

#[test]
fn a_key_is_not_printed() {
    assert_eq!(format!("{:?}", Key::new([7; KEY_LEN])), "Key(..)");
}
