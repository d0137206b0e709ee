//! Tests of both directions. The test vectors of `proto/tests/protocol` have the rest.

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
