//! Sections 3.5 and 5.11: what is sealed is what the vectors say, and challenges are as many and as often.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use peers::core::wire::{self, Announcement, Challenge, InstanceId, Kind, Message, Proof};
use peers::core::{Arrival, Destination, KEY_LEN, Key, MAX_KEYS};

use crate::clockwork::{Clockwork, ms};
use crate::number;
use crate::vectors::{Vector, vectors};

const SEALED: &[u8] = b"PEER\x01\x00";
const KEY: [u8; KEY_LEN] = [7; KEY_LEN];

fn seal(key: [u8; KEY_LEN], nonce: [u8; 24], plain: &[u8]) -> Vec<u8> {
    let payload = Payload { msg: plain, aad: SEALED };
    let sealed = XChaCha20Poly1305::new(&key.into()).encrypt(&nonce.into(), payload).expect("it is short");
    [SEALED, &nonce, &sealed].concat()
}

fn open(key: [u8; KEY_LEN], datagram: &[u8]) -> Vec<u8> {
    let rest = datagram.strip_prefix(SEALED).expect("it is sealed");
    let nonce: &XNonce = rest[..24].try_into().expect("a nonce has 24 bytes");
    let payload = Payload { msg: &rest[24..], aad: SEALED };
    XChaCha20Poly1305::new(&key.into()).decrypt(nonce, payload).expect("the key opens it")
}

/// A node with a key that has said all that it says unasked.
fn settled(key: [u8; KEY_LEN]) -> Clockwork {
    let mut clockwork = Clockwork::with_keys(vec![Key::new(key)]);
    for _ in 0..5 {
        clockwork.now += ms(1000);
        clockwork.node.handle_timeout(clockwork.now);
        unsealed(&mut clockwork, key);
    }
    clockwork
}

/// What the node sends, opened.
fn unsealed(clockwork: &mut Clockwork, key: [u8; KEY_LEN]) -> Vec<(Vec<u8>, Destination)> {
    let waiting = std::iter::from_fn(|| clockwork.node.poll_transmit());
    waiting.map(|transmit| (open(key, &transmit.payload), transmit.to)).collect()
}

/// Lets the node hear a message, from the address of that number, and returns what it sends at once.
fn reaction(clockwork: &mut Clockwork, plain: &[u8], address: u16) -> Vec<Vec<u8>> {
    let [high, low] = address.to_be_bytes();
    clockwork.hear_bytes(&seal(KEY, [1; 24], plain), ([198, 18, high, low], 50_000).into(), Arrival::Group);
    unsealed(clockwork, KEY).into_iter().map(|(plain, _)| plain).collect()
}

fn announce(number: u16, sequence: u64, proof: Proof, value: &[u8]) -> Vec<u8> {
    let about = Announcement {
        cluster: "",
        id: id(number),
        sequence,
        name: "peer",
        expiry: ms(35_000),
        port: 0,
        value,
        answer_to_group: false,
        proof: Some(proof),
    };
    wire::encode(Kind::Announce, &about)
}

fn id(number: u16) -> InstanceId {
    let mut id = [2; 16];
    id[..2].copy_from_slice(&number.to_be_bytes());
    id
}

fn challenge_in(plain: &[u8]) -> Challenge {
    match wire::decode(plain) {
        Ok(Message::Challenge { id: [1, ..], challenge, .. }) => challenge,
        other => panic!("{other:?} is no challenge of the node"),
    }
}

fn sealed_vectors() -> Vec<Vector> {
    vectors().into_iter().filter(|vector| vector.meaning() == "sealed").collect()
}

#[test]
fn the_sizes_of_the_specification_are_those_of_what_is_sealed() {
    assert_eq!(number("KEY_LEN"), KEY_LEN as u64);
    assert_eq!(number("KEYS_MAX"), MAX_KEYS as u64);
    assert_eq!(number("CHALLENGE_LEN"), size_of::<Challenge>() as u64);
    assert_eq!(number("NONCE_LEN"), XNonce::default().len() as u64);
    assert_eq!(number("SEAL_LEN"), seal(KEY, [0; 24], b"").len() as u64);
    assert!(number("QUERY_MAX") + number("SEAL_LEN") <= number("DATAGRAM_MAX"));
}

#[test]
fn what_is_sealed_opens_to_the_plain_vector() {
    let all = vectors();
    for vector in sealed_vectors().iter().filter(|vector| vector.get("plain").is_some()) {
        let plain = all.iter().find(|plain| plain.name == vector.required("plain")).expect("there is one");
        let (key, nonce) = (vector.array("key"), vector.array("nonce"));
        assert_eq!(open(key, &vector.datagram), plain.datagram, "{}", vector.name);
        assert_eq!(seal(key, nonce, &plain.datagram), vector.datagram, "{}", vector.name);
    }
}

#[test]
fn a_node_with_the_key_reacts_to_what_is_inside_and_to_nothing_else() {
    let from = ([192, 0, 2, 2], 50_000).into();
    for vector in sealed_vectors() {
        let key = vector.array("key");
        let mut clockwork = settled(key);
        clockwork.hear_bytes(&vector.datagram, from, Arrival::Unicast);
        let (sent, wrong_key) = (unsealed(&mut clockwork, key), clockwork.node.counters().wrong_key);
        let to = Destination::Peer { address: from, interface: 1 };
        let name = vector.name.as_str();
        match (name, &sent[..]) {
            ("sealed-announce" | "sealed-response", [(plain, at)]) => {
                assert_eq!((plain.len() + 46, *at), (vector.datagram.len(), to), "{name}");
                challenge_in(plain);
            }
            ("sealed-challenge", [(plain, at)]) => {
                let Ok(Message::Native(Kind::Announce, about)) = wire::decode(plain) else {
                    panic!("{plain:?}")
                };
                let proof = about.proof.expect("it has both");
                assert_eq!((proof.response, *at), (vectors_challenge(), to));
                assert_ne!(proof.challenge, Challenge::default(), "the challenger is not listed");
                assert!(plain.len() + 46 <= vector.datagram.len());
            }
            ("sealed-longest" | "sealed-line", []) => {
                assert_eq!((clockwork.node.counters().foreign, wrong_key), (1, 0), "{name}")
            }
            (_, []) => assert_eq!(wrong_key, 1, "{name}: {}", vector.required("reason")),
            (_, sent) => panic!("{name}: {sent:?}"),
        }
    }
}

fn vectors_challenge() -> Challenge {
    let all = vectors();
    all.iter().find(|vector| vector.name == "challenge").expect("there is one").array("challenge")
}

#[test]
fn a_node_without_keys_ignores_what_is_sealed_and_challenges() {
    for vector in vectors() {
        if ["sealed", "challenge"].contains(&vector.meaning()) {
            let mut clockwork = Clockwork::settled();
            clockwork.hear_bytes(&vector.datagram, ([192, 0, 2, 2], 50_000).into(), Arrival::Unicast);
            assert!(clockwork.sent().is_empty(), "{}", vector.name);
            assert_eq!(clockwork.node.peer_count(), 0, "{}", vector.name);
        }
    }
}

#[test]
fn a_newcomer_is_challenged_as_often_as_the_specification_says() {
    let mut clockwork = settled(KEY);
    let mut challenges = Vec::new();
    for sequence in 1..=2 * number("CHALLENGE_TIME") {
        let answer = reaction(&mut clockwork, &announce(1, sequence, Proof::default(), b""), 1);
        challenges.extend(answer.iter().map(|plain| (sequence - 1, challenge_in(plain))));
        clockwork.now += ms(1);
    }
    let (gap, time) = (number("CHALLENGE_GAP"), number("CHALLENGE_TIME"));
    for two in challenges.windows(2) {
        let (is_same, elapsed) = (two[0].1 == two[1].1, two[1].0 - two[0].0);
        assert_eq!((elapsed, is_same), (gap, two[1].0 % time != 0), "at {} ms", two[1].0);
    }
    assert_eq!(challenges.len() as u64, 2 * time / gap);
}

#[test]
fn who_repeats_its_challenge_is_listed_and_no_one_else() {
    let mut clockwork = settled(KEY);
    let challenge = challenge_in(&reaction(&mut clockwork, &announce(1, 1, Proof::default(), b""), 1)[0]);
    let response = |response| Proof { response, ..Proof::default() };
    reaction(&mut clockwork, &announce(2, 1, response(challenge), b""), 1);
    reaction(&mut clockwork, &announce(1, 2, response([5; 16]), b""), 1);
    assert_eq!(clockwork.node.peer_count(), 0);
    reaction(&mut clockwork, &announce(1, 3, response(challenge), b""), 1);
    assert_eq!(clockwork.node.peer_count(), 1);
}

#[test]
fn no_more_instances_are_challenged_at_a_time_than_the_specification_says() {
    let mut clockwork = settled(KEY);
    let mut challenged = 0;
    for newcomer in 0..2 * number("CHALLENGES_MAX") as u16 {
        let message = announce(newcomer, 1, Proof::default(), b"");
        challenged += reaction(&mut clockwork, &message, newcomer).len() as u64;
    }
    assert_eq!(challenged, number("CHALLENGES_MAX"));
}

#[test]
fn challenges_are_answered_as_often_and_as_long_as_the_specification_says() {
    let mut clockwork = settled(KEY);
    let own = announce(1, u64::MAX, Proof::default(), b"").len();
    let challenge = |len| wire::encode_challenge("", id(1), [5; 16], len);
    assert!(reaction(&mut clockwork, &challenge(own - 1), 1).is_empty());
    for at in 0..=2 * number("PROOF_GAP") {
        let answer = reaction(&mut clockwork, &challenge(own), 1);
        assert_eq!(!answer.is_empty(), at % number("PROOF_GAP") == 0, "at {at} ms");
        assert!(answer.iter().all(|plain| plain.len() == own), "as long as every announce");
        clockwork.now += ms(1);
    }
    let answered = |address: u16| reaction(&mut clockwork, &challenge(own), address).len() as u64;
    assert_eq!(
        (100..100 + 2 * number("CHALLENGES_MAX") as u16).map(answered).sum::<u64>(),
        number("CHALLENGES_MAX") - 1
    );
}

#[test]
fn names_and_values_have_no_more_bytes_than_the_specification_says() {
    let (each, _) = crate::constant("BYTES_MAX").split_once(' ').expect("a number and its unit");
    let each: usize = each.parse().expect("a number");
    let max_peers = 1000;
    let mut clockwork = Clockwork::with_max_peers(max_peers);
    let value = vec![1; 1000];
    for newcomer in 0..max_peers as u16 {
        let about = announce(newcomer, 1, Proof::default(), &value);
        clockwork.hear_bytes(&about, ([198, 18, 0, 1], 10_000 + newcomer).into(), Arrival::Group);
    }
    let held = "peer".len() + value.len();
    assert_eq!(clockwork.node.peer_count(), max_peers * each / held);
}
