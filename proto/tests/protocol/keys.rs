//! Sections 3.5 and 5.11: what is sealed is what the vectors say, and challenges are as many and as often.

use std::net::SocketAddr;
use std::time::Duration;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use peers_proto::wire::{self, Announcement, Challenge, InstanceId, Kind, Message, Proof};
use peers_proto::{Arrival, Destination, KEY_LEN, Key, MAX_KEYS, Settings};

use super::clockwork::{Clockwork, ms};
use super::number;
use super::vectors::{Vector, vectors};

const SEALED: &[u8] = b"PEER\x01\x00";
const KEY: [u8; KEY_LEN] = [7; KEY_LEN];

/// The id of the node that is tested.
const NODE: InstanceId = [1; 16];

/// The associated data: who is to hear it alone is named there.
fn associated(addressee: Option<InstanceId>) -> Vec<u8> {
    [SEALED, addressee.as_ref().map_or(&[], |id| &id[..])].concat()
}

fn seal(key: [u8; KEY_LEN], nonce: [u8; 24], plain: &[u8], addressee: Option<InstanceId>) -> Vec<u8> {
    let payload = Payload { msg: plain, aad: &associated(addressee) };
    let sealed = XChaCha20Poly1305::new(&key.into()).encrypt(&nonce.into(), payload).expect("it is short");
    [SEALED, &nonce, &sealed].concat()
}

fn open(key: [u8; KEY_LEN], datagram: &[u8], addressee: Option<InstanceId>) -> Vec<u8> {
    let rest = datagram.strip_prefix(SEALED).expect("it is sealed");
    let nonce: &XNonce = rest[..24].try_into().expect("a nonce has 24 bytes");
    let payload = Payload { msg: &rest[24..], aad: &associated(addressee) };
    XChaCha20Poly1305::new(&key.into()).decrypt(nonce, payload).expect("the key opens it")
}

/// A node with a key that has said all that it says unasked.
fn settled(key: [u8; KEY_LEN]) -> Clockwork {
    let mut clockwork = Clockwork::with_keys(vec![Key::new(key)]);
    pass(&mut clockwork, ms(5000));
    clockwork
}

/// Lets time pass; what the node says unasked on the way is lost.
fn pass(clockwork: &mut Clockwork, time: Duration) {
    let end = clockwork.now + time;
    while clockwork.now < end {
        clockwork.now = end.min(clockwork.now + ms(1000));
        clockwork.node.handle_timeout(clockwork.now);
        while clockwork.node.poll_transmit().is_some() {}
    }
}

/// What the node sends, opened; what is for one alone is for that instance.
fn unsealed(clockwork: &mut Clockwork, key: [u8; KEY_LEN], peer: InstanceId) -> Vec<(Vec<u8>, Destination)> {
    let waiting = std::iter::from_fn(|| clockwork.node.poll_transmit());
    let opened = waiting.map(|transmit| {
        let addressee = matches!(transmit.to, Destination::Peer { .. }).then_some(peer);
        (open(key, &transmit.payload, addressee), transmit.to)
    });
    opened.collect()
}

/// Lets the node hear a message of the instance of that number to the group, from the address of that number, and returns
/// what it sends at once.
fn reaction(clockwork: &mut Clockwork, plain: &[u8], instance: u16, address: u16) -> Vec<Vec<u8>> {
    clockwork.hear_bytes(&seal(KEY, [1; 24], plain, None), socket(address), Arrival::Group);
    unsealed(clockwork, KEY, id(instance)).into_iter().map(|(plain, _)| plain).collect()
}

/// The same of a message to the node alone.
fn reaction_alone(clockwork: &mut Clockwork, plain: &[u8], instance: u16, address: u16) -> Vec<Vec<u8>> {
    clockwork.hear_bytes(&seal(KEY, [1; 24], plain, Some(NODE)), socket(address), Arrival::Unicast);
    unsealed(clockwork, KEY, id(instance)).into_iter().map(|(plain, _)| plain).collect()
}

fn socket(address: u16) -> SocketAddr {
    let [high, low] = address.to_be_bytes();
    ([198, 18, high, low], 50_000).into()
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
        Ok(Message::Challenge { id: NODE, challenge, .. }) => challenge,
        other => panic!("{other:?} is no challenge of the node"),
    }
}

/// What an announcement of the node's repeats, and puts.
fn proof_in(plain: &[u8]) -> Proof {
    match wire::decode(plain) {
        Ok(Message::Native(Kind::Announce, Announcement { id: NODE, proof: Some(proof), .. })) => proof,
        other => panic!("{other:?} is no announcement with a proof"),
    }
}

fn sealed_vectors() -> Vec<Vector> {
    vectors().into_iter().filter(|vector| vector.meaning() == "sealed").collect()
}

/// Who is to open a vector alone.
fn addressee(vector: &Vector) -> Option<InstanceId> {
    vector.get("addressee").map(|_| vector.array("addressee"))
}

#[test]
fn the_sizes_of_the_specification_are_those_of_what_is_sealed() {
    assert_eq!(number("KEY_LEN"), KEY_LEN as u64);
    assert_eq!(number("KEYS_MAX"), MAX_KEYS as u64);
    assert_eq!(number("CHALLENGE_LEN"), size_of::<Challenge>() as u64);
    assert_eq!(number("NONCE_LEN"), XNonce::default().len() as u64);
    assert_eq!(number("SEAL_LEN"), seal(KEY, [0; 24], b"", None).len() as u64);
    assert!(number("QUERY_MAX") + number("SEAL_LEN") <= number("DATAGRAM_MAX"));
}

#[test]
fn what_is_sealed_opens_to_the_plain_vector() {
    let all = vectors();
    for vector in sealed_vectors().iter().filter(|vector| vector.get("plain").is_some()) {
        let plain = all.iter().find(|plain| plain.name == vector.required("plain")).expect("there is one");
        let (key, nonce) = (vector.array("key"), vector.array("nonce"));
        let addressee = addressee(vector);
        assert_eq!(open(key, &vector.datagram, addressee), plain.datagram, "{}", vector.name);
        assert_eq!(seal(key, nonce, &plain.datagram, addressee), vector.datagram, "{}", vector.name);
    }
}

#[test]
fn node_with_the_key_reacts_to_the_contents_alone() {
    let from = ([192, 0, 2, 2], 50_000).into();
    let challenger = plain_vector("challenge").array("id");
    let announcer = plain_vector("keys-announce").array("id");
    for vector in sealed_vectors() {
        let key = vector.array("key");
        let mut clockwork = settled(key);
        let arrival = match addressee(&vector) {
            Some(id) => {
                assert_eq!(id, NODE, "{}", vector.name);
                Arrival::Unicast
            }
            None => Arrival::Group,
        };
        clockwork.hear_bytes(&vector.datagram, from, arrival);
        let peer = if vector.name == "sealed-challenge" { challenger } else { announcer };
        let (sent, counters) = (unsealed(&mut clockwork, key, peer), clockwork.node.counters());
        let to = Destination::Peer { address: from, interface: 1 };
        let name = vector.name.as_str();
        match (name, &sent[..]) {
            ("sealed-announce", [(plain, at)]) => {
                assert_eq!((plain.len() + 46, *at), (vector.datagram.len(), to), "{name}");
                challenge_in(plain);
            }
            ("sealed-challenge", [(plain, at)]) => {
                let proof = proof_in(plain);
                assert_eq!((proof.response, *at), (plain_vector("challenge").array("challenge"), to));
                assert_ne!(proof.challenge, Challenge::default(), "the challenger is not listed");
                assert_eq!(plain.len() + 46, vector.datagram.len());
            }
            ("sealed-response", []) => assert_eq!((counters.stale, counters.wrong_key), (1, 0), "{name}"),
            ("sealed-longest" | "sealed-line", []) => {
                assert_eq!((counters.other_cluster, counters.wrong_key), (1, 0), "{name}")
            }
            (_, []) => assert_eq!(counters.wrong_key, 1, "{name}: {}", vector.required("reason")),
            (_, sent) => panic!("{name}: {sent:?}"),
        }
    }
}

fn plain_vector(name: &str) -> Vector {
    vectors().into_iter().find(|vector| vector.name == name).expect("there is one")
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

/// What puts a response, and no challenge.
fn response(response: Challenge) -> Proof {
    Proof { response, ..Proof::default() }
}

#[test]
fn a_newcomer_is_challenged_as_often_as_the_specification_says() {
    let (gap, epoch) = (number("ANSWER_GAP"), number("CHALLENGE_EPOCH"));
    let mut clockwork = settled(KEY);
    let start = clockwork.elapsed().as_millis() as u64;
    let mut challenges = Vec::new();
    for sequence in 1..=2 * epoch {
        let answer = reaction(&mut clockwork, &announce(1, sequence, Proof::default(), b""), 1, 1);
        challenges.extend(answer.iter().map(|plain| (start + sequence - 1, challenge_in(plain))));
        clockwork.now += ms(1);
    }
    for two in challenges.windows(2) {
        let (is_same, elapsed) = (two[0].1 == two[1].1, two[1].0 - two[0].0);
        assert_eq!((elapsed, is_same), (gap, two[0].0 / epoch == two[1].0 / epoch), "at {} ms", two[1].0);
    }
    assert_eq!(challenges.len() as u64, 2 * epoch / gap);
}

#[test]
fn a_challenge_may_be_answered_in_its_own_epoch_and_in_the_next() {
    let epoch = number("CHALLENGE_EPOCH");
    for (wait, listed) in [(0, 1), (epoch, 1), (2 * epoch - 1, 1), (2 * epoch, 0)] {
        let mut clockwork = settled(KEY);
        assert_eq!(clockwork.elapsed().as_millis() as u64 % epoch, 0, "an epoch begins");
        let challenge =
            challenge_in(&reaction(&mut clockwork, &announce(1, 1, Proof::default(), b""), 1, 1)[0]);
        pass(&mut clockwork, ms(wait));
        reaction(&mut clockwork, &announce(1, 2, response(challenge), b""), 1, 1);
        assert_eq!(clockwork.node.peer_count(), listed, "after {wait} ms");
    }
}

#[test]
fn who_repeats_its_challenge_is_listed_and_no_one_else() {
    let mut clockwork = settled(KEY);
    let challenge = challenge_in(&reaction(&mut clockwork, &announce(1, 1, Proof::default(), b""), 1, 1)[0]);
    reaction(&mut clockwork, &announce(2, 1, response(challenge), b""), 2, 1);
    reaction(&mut clockwork, &announce(1, 2, response([5; 16]), b""), 1, 1);
    assert_eq!((clockwork.node.peer_count(), clockwork.node.counters().stale), (0, 2));
    reaction(&mut clockwork, &announce(1, 3, response(challenge), b""), 1, 1);
    assert_eq!(clockwork.node.peer_count(), 1);
}

#[test]
fn what_answers_a_challenge_of_another_node_changes_nothing() {
    let mut clockwork = with_listed(1);
    let before = clockwork.node.peers(clockwork.now);
    clockwork.now += ms(1000);
    let sent = reaction(&mut clockwork, &announce(0, 9, response([5; 16]), b"new"), 0, 100);
    let after = clockwork.node.peers(clockwork.now);
    assert_eq!((sent, &after[0].value), (vec![], &before[0].value));
    assert_eq!(after[0].expires_in, before[0].expires_in - ms(1000));
    assert_eq!(clockwork.node.counters().stale, 1);
}

/// A node that lists instances of the numbers from 0 to this.
fn with_listed(count: u16) -> Clockwork {
    let mut clockwork = settled(KEY);
    for number in 0..count {
        let newcomer = announce(number, 1, Proof::default(), b"");
        let challenge = challenge_in(&reaction_alone(&mut clockwork, &newcomer, number, number)[0]);
        reaction_alone(&mut clockwork, &announce(number, 2, response(challenge), b""), number, number);
    }
    assert_eq!(clockwork.node.peer_count(), usize::from(count));
    clockwork
}

#[test]
fn no_more_addresses_are_challenged_at_a_time_than_are_answered() {
    let mut clockwork = settled(KEY);
    let mut challenged = 0;
    for newcomer in 0..2 * number("ANSWERS_MAX") as u16 {
        let message = announce(newcomer, 1, Proof::default(), b"");
        challenged += reaction(&mut clockwork, &message, newcomer, newcomer).len() as u64;
    }
    assert_eq!(challenged, number("ANSWERS_MAX"));
    assert_eq!(clockwork.node.counters().rate_limited, number("ANSWERS_MAX"));
}

#[test]
fn challenges_of_many_are_spread_and_no_message_cancels_one() {
    let listed = number("SMALL") as u16 + 1;
    let mut clockwork = with_listed(listed);
    let newcomers = 100..200;
    let message = |newcomer| announce(newcomer, 1, Proof::default(), b"");
    let at_once = |newcomer| reaction(&mut clockwork, &message(newcomer), newcomer, newcomer).len();
    let mut challenged: usize = newcomers.clone().map(at_once).sum();
    assert!(challenged < newcomers.len());
    clockwork.node.set_value(b"told to the group", clockwork.now).expect("it fits");
    for _ in 0..20 {
        clockwork.now += ms(1);
        clockwork.node.handle_timeout(clockwork.now);
        let is_alone = |to: &Destination| matches!(to, Destination::Peer { .. });
        let sent = std::iter::from_fn(|| clockwork.node.poll_transmit());
        challenged += sent.filter(|transmit| is_alone(&transmit.to)).count();
    }
    assert_eq!(challenged, newcomers.len());
}

#[test]
fn challenges_are_answered_as_specified() {
    let own = announce(1, u64::MAX, Proof::default(), b"").len();
    let challenge = |len| wire::encode_challenge("", id(0), [5; 16], len);
    let mut clockwork = settled(KEY);
    assert!(reaction_alone(&mut clockwork, &challenge(own - 1), 0, 0).is_empty());
    for at in 0..=2 * number("PROOF_GAP") {
        let answer = reaction_alone(&mut clockwork, &challenge(own + 50), 0, 0);
        assert_eq!(!answer.is_empty(), at % number("PROOF_GAP") == 0, "at {at} ms");
        assert!(answer.iter().all(|plain| plain.len() == own + 50), "it challenges in its turn");
        clockwork.now += ms(1);
    }
    let answered = |address: u16| reaction_alone(&mut clockwork, &challenge(own), 0, address).len() as u64;
    let addresses = 100..100 + 2 * number("PROOFS_MAX") as u16;
    assert_eq!(addresses.map(answered).sum::<u64>(), number("PROOFS_MAX") - 1);

    let answer = reaction_alone(&mut with_listed(1), &challenge(own + 50), 0, 1);
    assert_eq!((answer[0].len(), proof_in(&answer[0])), (own, response([5; 16])), "it is listed");
}

#[test]
fn full_list_answers_challenged_instances_alone() {
    let settings = |settings| Settings { keys: vec![Key::new(KEY)], max_peers: 0, ..settings };
    let mut clockwork = Clockwork::with(settings);
    pass(&mut clockwork, ms(5000));
    let challenge = challenge_in(&reaction(&mut clockwork, &announce(1, 1, Proof::default(), b""), 1, 1)[0]);
    assert_eq!(clockwork.node.counters().refused_full, 0);
    reaction(&mut clockwork, &announce(1, 2, response(challenge), b""), 1, 1);
    assert_eq!((clockwork.node.peer_count(), clockwork.node.counters().refused_full), (0, 1));
}

#[test]
fn names_and_values_keep_the_specified_lengths() {
    let (each, _) = super::constant("BYTES_MAX").split_once(' ').expect("a number and its unit");
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
