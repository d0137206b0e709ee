//! The test vectors of `docs/protocol-vectors.json`: made here, and compared with the file. `PEERS_VECTORS=write` writes it.

use std::fmt::Write;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use peers_proto::wire::{
    self, Addresses, Announcement, ClusterKind, ClusterMessage, Content, InstanceId, Kind, MAX_MESSAGE,
    Malformed, Message, Probe, known_answers,
};
use peers_proto::{Arrival, Key, Settings};

use super::clockwork::Clockwork;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/protocol-vectors.json");

/// A vector: its fields in order, as JSON.
pub struct Vector {
    name: String,
    meaning: &'static str,
    fields: Vec<(&'static str, String)>,
    datagram: Vec<u8>,
}

impl Vector {
    pub fn new(name: impl Into<String>, meaning: &'static str, datagram: Vec<u8>) -> Self {
        Vector { name: name.into(), meaning, fields: Vec::new(), datagram }
    }

    pub fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.fields.push((key, value.to_string()));
        self
    }

    pub fn text(self, key: &'static str, value: &str) -> Self {
        let quoted = format!("{value:?}");
        self.with(key, quoted)
    }

    pub fn bytes(self, key: &'static str, value: &[u8]) -> Self {
        self.text(key, &hex(value))
    }

    fn json(&self) -> String {
        let mut json = format!("{{\"name\": {:?}, \"meaning\": {:?}", self.name, self.meaning);
        for (key, value) in &self.fields {
            write!(json, ", {key:?}: {value}").expect("a string takes all");
        }
        write!(json, ", \"hex\": \"{}\"}}", hex(&self.datagram)).expect("a string takes all");
        json
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of a text in hex, in which `XX*N` stands for N bytes.
pub fn bytes(text: &str) -> Vec<u8> {
    let parse = |word: &str| -> Vec<u8> {
        let (digits, count) = word.split_once('*').unwrap_or((word, "1"));
        let digits: Vec<u8> = digits.bytes().collect();
        let byte = |pair: &[u8]| {
            let pair = std::str::from_utf8(pair).expect("it is ASCII");
            u8::from_str_radix(pair, 16).unwrap_or_else(|_| panic!("{pair:?} is no byte"))
        };
        let bytes: Vec<u8> = digits.chunks(2).map(byte).collect();
        bytes.repeat(count.parse().expect("a count"))
    };
    text.split_whitespace().flat_map(parse).collect()
}

fn announcement_vector(name: &str, kind: Kind, about: &Announcement<'_>, datagram: Vec<u8>) -> Vector {
    let meaning = match kind {
        Kind::Announce => "announce",
        Kind::Query => "query",
        Kind::Goodbye => "goodbye",
    };
    let mut vector = Vector::new(name, meaning, datagram);
    if !about.cluster.is_empty() {
        vector = vector.text("cluster", about.cluster);
    }
    let expiry = u64::try_from(about.expiry.as_millis()).unwrap_or(u64::MAX);
    vector = vector.bytes("id", &about.id).with("sequence", about.sequence).text("node", about.name);
    vector = vector.with("expiry", expiry);
    if about.port != 0 {
        vector = vector.with("port", about.port);
    }
    if !about.value.is_empty() {
        vector = vector.bytes("value", about.value);
    }
    for (key, nonce) in [("nonce", about.nonce), ("echo", about.echo)] {
        if let Some(nonce) = nonce {
            vector = vector.bytes(key, &nonce);
        }
    }
    if !about.addresses.is_empty() {
        let addresses: Vec<String> = about.addresses.iter().map(|address| format!("\"{address}\"")).collect();
        vector = vector.with("addresses", format!("[{}]", addresses.join(", ")));
    }
    for (key, is_set) in [
        ("answer_to_group", about.answer_to_group),
        ("observer", about.is_observer),
        ("to_seed", about.to_seed),
    ] {
        if is_set {
            vector = vector.with(key, true);
        }
    }
    vector
}

fn canonical(name: &str, kind: Kind, about: &Announcement<'_>) -> Vector {
    announcement_vector(name, kind, about, wire::encode(kind, about)).with("canonical", true)
}

const ID: InstanceId = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const OTHER_ID: InstanceId = [0xf0; 16];

fn minimal() -> Announcement<'static> {
    Announcement {
        id: ID,
        sequence: 1,
        name: "kitchen",
        expiry: Duration::from_secs(35),
        ..Default::default()
    }
}

fn addresses() -> Addresses {
    let texts = ["192.0.2.7", "2001:db8::7", "169.254.7.7", "fe80::7"];
    texts.iter().map(|text| text.parse::<IpAddr>().expect("it is an address")).collect()
}

/// What senders make.
fn canonical_vectors() -> Vec<Vector> {
    let longest_text = "n".repeat(255);
    let longest_value = vec![0xab; wire::max_value_len(&longest_text, &longest_text)];
    let full = Announcement {
        cluster: "blue",
        sequence: 300,
        name: "zürich-1",
        port: 8080,
        value: b"\x00v=1\xff",
        addresses: addresses(),
        ..minimal()
    };
    let longest = Announcement {
        cluster: &longest_text,
        id: [0xff; 16],
        sequence: u64::MAX,
        name: &longest_text,
        expiry: Duration::MAX,
        port: u16::MAX,
        value: &longest_value,
        nonce: Some([0xa1; 16]),
        echo: Some([0xb2; 16]),
        to_seed: true,
        ..Default::default()
    };
    let query = Announcement { nonce: Some([0xa0; 16]), ..minimal() };
    let mut vectors = vec![
        canonical("announce-minimal", Kind::Announce, &minimal()),
        canonical("announce-full", Kind::Announce, &full),
        canonical("announce-longest", Kind::Announce, &longest),
        canonical("announce-echo", Kind::Announce, &Announcement { echo: Some([0xb0; 16]), ..minimal() }),
        canonical(
            "announce-echo-and-nonce",
            Kind::Announce,
            &Announcement { nonce: Some([0xa0; 16]), echo: Some([0xb0; 16]), ..minimal() },
        ),
        canonical("announce-to-seed", Kind::Announce, &Announcement { to_seed: true, ..minimal() }),
        canonical("query", Kind::Query, &query),
        canonical("query-answer-to-group", Kind::Query, &Announcement { answer_to_group: true, ..query }),
        canonical("query-of-an-observer", Kind::Query, &Announcement { is_observer: true, ..query }),
        canonical("query-to-seed", Kind::Query, &Announcement { to_seed: true, ..query }),
        canonical("query-longest", Kind::Query, &Announcement { echo: None, to_seed: false, ..longest }),
        canonical("goodbye", Kind::Goodbye, &Announcement { sequence: 2, ..minimal() }),
    ];
    let known = [OTHER_ID, [0x77; 16]];
    let ids: Vec<String> = known.iter().map(|id| format!("\"{}\"", hex(id))).collect();
    let filtered = wire::encode_query(&query, known.iter().copied());
    let vector = announcement_vector("query-with-known-answers", Kind::Query, &query, filtered);
    vectors.push(vector.with("known", format!("[{}]", ids.join(", "))).with("canonical", true));
    for (name, padded_to) in
        [("padding-of-two", 42), ("padding-with-a-longer-head", 66), ("padding-of-300", 340)]
    {
        let datagram = wire::encode_within(Kind::Announce, &minimal(), padded_to..=MAX_MESSAGE);
        assert_eq!(datagram.len(), padded_to);
        vectors.push(announcement_vector(name, Kind::Announce, &minimal(), datagram).with("canonical", true));
    }
    for (name, cluster, len) in
        [("probe-bare", "", 0), ("probe", "", 100), ("probe-in-a-cluster", "blue", 100)]
    {
        let probe = Probe { cluster, id: OTHER_ID, nonce: [0xb0; 16] };
        let mut vector = Vector::new(name, "probe", wire::encode_probe(&probe, len));
        if !cluster.is_empty() {
            vector = vector.text("cluster", cluster);
        }
        vectors.push(vector.bytes("id", &OTHER_ID).bytes("nonce", &[0xb0; 16]).with("canonical", true));
    }
    vectors.push(Vector::new("beacon", "beacon", wire::encode_legacy("kitchen")).text("node", "kitchen"));
    vectors
        .push(Vector::new("beacon-utf8", "beacon", wire::encode_legacy("zürich-1")).text("node", "zürich-1"));
    vectors
}

/// A datagram of a kind, with the pairs of its map in order: the key, and its value encoded.
fn message(kind: u8, pairs: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut datagram = [&b"PEER\x01"[..], &[kind, 0xb8, pairs.len() as u8]].concat();
    if pairs.len() < 24 {
        datagram.truncate(6);
        datagram.push(0xa0 | pairs.len() as u8);
    }
    pairs.iter().for_each(|(key, value)| datagram.extend([&key[..], &value[..]].concat()));
    datagram
}

fn pair(key: u8, value: &[u8]) -> (Vec<u8>, Vec<u8>) {
    (vec![key], value.to_vec())
}

fn required(kind: u8) -> Vec<(Vec<u8>, Vec<u8>)> {
    let id = pair(1, &[&[0x50][..], &ID].concat());
    let sixteen = |key| pair(key, &[&[0x50][..], &[0xb0; 16]].concat());
    match kind {
        1..=3 => vec![id, pair(2, &[1]), pair(3, b"\x67kitchen"), pair(4, b"\x19\x88\xb8")],
        4 => vec![id, sixteen(9)],
        5 => vec![id, pair(2, &[1]), pair(11, b"\x43abc")],
        6 => vec![id, pair(2, &[1]), pair(12, &[7])],
        _ => vec![id, pair(2, &[1]), sixteen(13), pair(14, b"\x43abc")],
    }
}

/// Well-formed maps that no sender makes.
fn accepted_vectors() -> Vec<Vector> {
    let with = |name: &str, more: &[(Vec<u8>, Vec<u8>)]| {
        let pairs = [&required(1)[..], more].concat();
        announcement_vector(name, Kind::Announce, &minimal(), message(1, &pairs))
    };
    let unknown = |value: &[u8]| (b"\x18\x63".to_vec(), value.to_vec());
    let reversed: Vec<_> = required(1).into_iter().rev().collect();
    let many: Vec<_> = (0..20).map(|key| (vec![0x18, 100 + key], vec![0])).collect();
    let longer = b"PEER\x01\x01\xb8\x04\x18\x01\x58\x10".iter().chain(&ID).copied();
    let longer = longer.chain(*b"\x19\x00\x02\x1b\x00\x00\x00\x00\x00\x00\x00\x01\x03\x79\x00\x07kitchen");
    let longer = longer.chain(*b"\x04\x1b\x00\x00\x00\x00\x00\x00\x88\xb8").collect();
    vec![
        with("unknown-key", &[unknown(&[7])]),
        with("unknown-key-nested", &[unknown(b"\x82\xa1\x61x\xf6\xc1\xf9\x3c\x00")]),
        with("unknown-key-indefinite", &[unknown(b"\x9f\x01\xbf\x61a\x5f\x41\x00\x41\x01\xff\xff\xff")]),
        with(
            "unknown-key-indefinite-maps-nested",
            &[unknown(b"\xbf\x61a\xbf\x61b\xbf\x61c\x01\xff\xff\xff")],
        ),
        with(
            "unknown-key-indefinite-in-definite",
            &[unknown(b"\x83\xbf\x61a\x9f\x01\xff\xff\x02\xa1\x61b\xbf\xff")],
        ),
        with("unknown-key-twice", &[unknown(&[7]), unknown(&[8])]),
        with("unknown-key-deeply-nested", &[unknown(&[&[0x81; 1000][..], &[0]].concat())]),
        with("map-of-24-pairs", &many),
        with("padding-in-an-announce", &[pair(7, b"\x45\0\0\0\0\0")]),
        with(
            "defaults-written-out",
            &[
                pair(0, &[0x60]),
                pair(5, &[0]),
                pair(6, &[0x40]),
                pair(8, &[0xf4]),
                pair(15, &[0x80]),
                pair(16, &[0xf4]),
                pair(17, &[0xf4]),
            ],
        ),
        announcement_vector("keys-in-another-order", Kind::Announce, &minimal(), message(1, &reversed)),
        announcement_vector("longer-forms", Kind::Announce, &minimal(), longer),
        Vector::new("probe-with-a-control-character", "probe", {
            message(4, &[&required(4)[..], &[pair(3, b"\x61\n")]].concat())
        })
        .bytes("id", &ID)
        .text("node", "\n")
        .bytes("nonce", &[0xb0; 16]),
    ]
}

fn malformed(name: impl Into<String>, reason: &str, datagram: Vec<u8>) -> Vector {
    Vector::new(name, "malformed", datagram).text("reason", reason)
}

const KIND_NAMES: [&str; 8] = ["sealed", "announce", "query", "goodbye", "probe", "packet", "ask", "tell"];

/// For each kind: each required key left out, and each known key with a value of another type, tagged, and twice.
fn malformed_fields() -> Vec<Vector> {
    let mut vectors = Vec::new();
    for kind in 1..=7_u8 {
        let required = required(kind);
        let kind_name = KIND_NAMES[usize::from(kind)];
        for (index, (key, _)) in required.iter().enumerate() {
            let mut pairs = required.clone();
            pairs.remove(index);
            let (name, reason) =
                (format!("{kind_name}-without-key-{}", key[0]), format!("key {} is missing", key[0]));
            vectors.push(malformed(name, &reason, message(kind, &pairs)));
        }
        for key in 0..=17_u8 {
            let right = required.iter().find(|pair| pair.0 == [key]).map(|pair| pair.1.clone());
            let right = right.unwrap_or_else(|| value_of_type(key));
            let others: Vec<_> = required.iter().filter(|pair| pair.0 != [key]).cloned().collect();
            for (what, reason, values) in [
                ("wrong-type", "a value of another type", vec![wrong_type(key)]),
                ("tagged", "a tagged value", vec![[&[0xc1][..], &right].concat()]),
                ("twice", "the key comes twice", vec![right.clone(), right.clone()]),
            ] {
                let more = values.iter().map(|value| pair(key, value));
                let pairs: Vec<_> = others.iter().cloned().chain(more).collect();
                let name = format!("{kind_name}-key-{key}-{what}");
                vectors.push(malformed(name, &format!("key {key}: {reason}"), message(kind, &pairs)));
            }
        }
    }
    vectors
}

/// A value of the type of a key.
fn value_of_type(key: u8) -> Vec<u8> {
    match key {
        0 | 3 => b"\x64blue".to_vec(),
        1 | 9 | 10 | 13 => [&[0x50][..], &[7; 16]].concat(),
        2 | 4 | 5 | 12 => vec![1],
        8 | 16 | 17 => vec![0xf5],
        15 => b"\x81\x44\xc0\x00\x02\x07".to_vec(),
        _ => b"\x43abc".to_vec(),
    }
}

fn wrong_type(key: u8) -> Vec<u8> {
    match key {
        // A byte string in the place of a text, a text in the place of bytes, and so on.
        0 | 3 => b"\x44blue".to_vec(),
        1 | 9 | 10 | 13 => [&[0x70][..], &[b'x'; 16]].concat(),
        2 | 4 | 5 | 12 => vec![0x20],
        8 | 16 | 17 => vec![1],
        15 => b"\x44\xc0\x00\x02\x07".to_vec(),
        _ => b"\x63abc".to_vec(),
    }
}

fn other_malformed() -> Vec<Vector> {
    let announce = wire::encode(Kind::Announce, &minimal());
    let changed = |at: usize, byte: u8| {
        let mut datagram = announce.clone();
        datagram[at] = byte;
        datagram
    };
    let with = |key: u8, value: &[u8]| {
        let others = required(1).into_iter().filter(|pair| pair.0 != [key]);
        message(1, &others.chain([pair(key, value)]).collect::<Vec<_>>())
    };
    let without_end = [b"PEER\x01\x01\xbf", &announce[7..]].concat();
    let lengths = |key: u8, len: usize| with(key, &[&[0x40 | len as u8][..], &vec![7; len]].concat());
    let long_text = [&b"\x79\x01\x00"[..], &[b'n'; 256]].concat();
    let mut vectors = vec![
        malformed("empty", "no bytes", vec![]),
        malformed("header-only", "no map", b"PEER\x01\x01".to_vec()),
        malformed("magic", "wrong magic", changed(2, b'A')),
        malformed("version-0", "version 0", changed(4, 0)),
        malformed("version-2", "version 2", changed(4, 2)),
        malformed("kind-8", "kind 8", changed(5, 8)),
        malformed("no-map", "an array", b"PEER\x01\x01\x84\x01\x02\x03\x04".to_vec()),
        malformed("indefinite-map", "a map of indefinite length", [&without_end[..], &[0xff]].concat()),
        malformed("trailing-byte", "a byte after the map", [&announce[..], &[0]].concat()),
        malformed("pair-missing", "fewer pairs than the head says", changed(6, 0xa5)),
        malformed("text-key", "a key that is a text", {
            message(1, &[&required(1)[..], &[(b"\x61a".to_vec(), vec![0])]].concat())
        }),
        malformed("negative-key", "a key that is a negative number", {
            message(1, &[&required(1)[..], &[(vec![0x20], vec![0])]].concat())
        }),
        malformed("indefinite-name", "a name of indefinite length", with(3, b"\x7f\x63kit\x64chen\xff")),
        malformed("indefinite-value", "a value of indefinite length", with(6, b"\x5f\x41a\xff")),
        malformed("indefinite-addresses", "addresses of indefinite length", with(15, b"\x9f\xff")),
        malformed("name-empty", "an empty name", with(3, &[0x60])),
        malformed("name-of-256-bytes", "a name of 256 bytes", with(3, &long_text)),
        malformed("name-not-utf8", "a name that is not UTF-8", with(3, b"\x62\xff\xfe")),
        malformed("name-control", "U+000A in a name", with(3, b"\x62a\n")),
        malformed("name-control-c1", "U+0085 in a name", with(3, b"\x63a\xc2\x85")),
        malformed("cluster-of-256-bytes", "a cluster of 256 bytes", with(0, &long_text)),
        malformed("cluster-control", "U+0000 in a cluster", with(0, b"\x61\0")),
        malformed("port-65536", "port 65536", with(5, b"\x1a\x00\x01\x00\x00")),
        malformed("expiry-float", "an expiry that is a float", with(4, b"\xfa\x47\x08\xb8\x00")),
        malformed(
            "value-length-that-lies",
            "a value of 2^64 - 1 bytes",
            with(6, b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff"),
        ),
        malformed(
            "nine-addresses",
            "9 addresses",
            with(15, &[&[0x89][..], &b"\x44\xc0\x00\x02\x07".repeat(9)].concat()),
        ),
        malformed("address-of-5-bytes", "an address of 5 bytes", with(15, b"\x81\x4512345")),
        malformed("address-text", "an address that is a text", with(15, b"\x81\x641234")),
        malformed("nested-length-that-lies", "an unknown key with an array of 2^64 - 1 items", {
            let lie = (b"\x18\x63".to_vec(), b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff".to_vec());
            message(1, &[&required(1)[..], &[lie]].concat())
        }),
        malformed("unknown-key-not-utf8", "an unknown key with a text that is not UTF-8", {
            let text = (b"\x18\x63".to_vec(), b"\x81\x62\xff\xfe".to_vec());
            message(1, &[&required(1)[..], &[text]].concat())
        }),
        malformed("probe-name-not-utf8", "a probe with a name that is not UTF-8", {
            message(4, &[&required(4)[..], &[pair(3, b"\x62\xff\xfe")]].concat())
        }),
        malformed("of-1201-bytes", "1201 bytes", {
            let padding = [&b"\x59\x04\x87"[..], &[0; 1159]].concat();
            let datagram = message(1, &[&required(1)[..], &[pair(7, &padding)]].concat());
            assert_eq!(datagram.len(), 1203);
            datagram[..].to_vec()
        }),
        malformed("beacon-empty", "a beacon without a name", b"multitastic:".to_vec()),
        malformed("beacon-control", "U+000A at the end", b"multitastic:kitchen\n".to_vec()),
        malformed("beacon-not-utf8", "not UTF-8", b"multitastic:\xff\xfe".to_vec()),
        malformed("beacon-case", "the prefix in other letters", b"Multitastic:kitchen".to_vec()),
        malformed(
            "beacon-of-256-bytes",
            "a name of 256 bytes",
            [&b"multitastic:"[..], &[b'n'; 256]].concat(),
        ),
    ];
    for key in [1, 9, 10, 13] {
        for len in [15, 17] {
            let name = format!("key-{key}-of-{len}-bytes");
            vectors.push(malformed(name, &format!("key {key} of {len} bytes"), lengths(key, len)));
        }
    }
    vectors
}

const KEY: [u8; 32] = [0x40; 32];

fn seal(seal_nonce: u8, plain: &[u8], associated: &[u8]) -> Vec<u8> {
    let nonce = XNonce::from([seal_nonce; 24]);
    let payload = Payload { msg: plain, aad: associated };
    let sealed = XChaCha20Poly1305::new(&KEY.into()).encrypt(&nonce, payload).expect("it is short");
    [&wire::SEALED[..], &nonce, &sealed].concat()
}

fn sealed_vectors() -> Vec<Vector> {
    let probe = wire::encode_probe(&Probe { cluster: "", id: OTHER_ID, nonce: [0xb0; 16] }, 100);
    let announce = wire::encode(Kind::Announce, &minimal());
    let to_one = [&wire::SEALED[..], &[1; 16]].concat();
    let opens = |name, seal_nonce: u8, plain: &[u8], plain_name, associated: &[u8]| {
        Vector::new(name, "sealed", seal(seal_nonce, plain, associated))
            .bytes("key", &KEY)
            .bytes("seal_nonce", &[seal_nonce; 24])
            .text("plain", plain_name)
    };
    let refused = |name, reason, datagram| {
        Vector::new(name, "sealed", datagram).bytes("key", &KEY).text("reason", reason)
    };
    let mut flipped = seal(1, &announce, &wire::SEALED);
    *flipped.last_mut().expect("it has bytes") ^= 1;
    vec![
        opens("sealed-announce", 1, &announce, "announce-minimal", &wire::SEALED),
        opens("sealed-probe", 2, &probe, "probe", &to_one).bytes("addressee", &[1; 16]),
        refused("sealed-nothing", "no nonce and no tag", wire::SEALED.to_vec()),
        refused("sealed-not", "a map that is not sealed", [&wire::SEALED[..], &announce[6..]].concat()),
        refused("sealed-with-a-changed-byte", "the tag does not match", flipped),
        refused("sealed-without-header", "the associated data is empty", seal(3, &announce, b"")),
        refused(
            "sealed-for-another",
            "it names another instance",
            seal(4, &announce, &[&wire::SEALED[..], &[2; 16]].concat()),
        )
        .bytes("addressee", &[1; 16]),
        refused("sealed-for-the-group", "it came by unicast", seal(5, &announce, &wire::SEALED))
            .bytes("addressee", &[1; 16]),
        refused("sealed-for-one", "it came to the group", seal(6, &announce, &to_one)),
        refused("sealed-beacon", "a beacon inside", seal(7, b"multitastic:kitchen", &wire::SEALED)),
        refused(
            "sealed-twice",
            "a sealed datagram inside",
            seal(8, &seal(9, &announce, &wire::SEALED), &wire::SEALED),
        ),
    ]
}

fn cluster_vectors() -> Vec<Vector> {
    let contents = [
        ("packet", ClusterKind::Packet, Content::Packet(b"packet")),
        ("ask-digest", ClusterKind::Ask, Content::Digest(7)),
        ("tell-page", ClusterKind::Tell, Content::Page(OTHER_ID, b"entries")),
    ];
    let vector = |(name, kind, content): (&str, ClusterKind, Content<'_>)| {
        let message = ClusterMessage { cluster: "", id: ID, sequence: 1, content };
        let meaning = match kind {
            ClusterKind::Packet => "packet",
            ClusterKind::Ask => "ask",
            ClusterKind::Tell => "tell",
        };
        let vector = Vector::new(name, meaning, wire::encode_cluster(kind, &message, 0));
        let vector = vector.bytes("id", &ID).with("sequence", 1);
        match content {
            Content::Packet(packet) => vector.bytes("packet", packet),
            Content::Digest(digest) => vector.with("digest", digest),
            Content::Page(after, entries) => vector.bytes("after", &after).bytes("entries", entries),
        }
    };
    contents.into_iter().map(vector).map(|vector| vector.with("canonical", true)).collect()
}

fn vectors() -> Vec<Vector> {
    [
        canonical_vectors(),
        accepted_vectors(),
        cluster_vectors(),
        sealed_vectors(),
        other_malformed(),
        malformed_fields(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn the_file_has_these_vectors() {
    compare_file(FILE, &vectors());
}

/// Checks that a file has these vectors.
pub fn compare_file(path: &str, vectors: &[Vector]) {
    let rows: Vec<String> = vectors.iter().map(Vector::json).collect();
    let text = format!("[\n{}\n]\n", rows.join(",\n"));
    if std::env::var("PEERS_VECTORS").is_ok_and(|value| value == "write") {
        std::fs::write(Path::new(path), &text).expect("the file can be written");
    }
    let file = std::fs::read_to_string(path).unwrap_or_default();
    assert!(file == text, "{path} is not what the tests make; PEERS_VECTORS=write writes it");
}

#[test]
fn names_are_unique_and_each_kind_and_key_is_there() {
    let mut names: Vec<String> = vectors().into_iter().map(|vector| vector.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn canonical_vectors_are_the_bytes_that_a_sender_makes() {
    let written = |name: &str, hex: &str| {
        let vector = vectors().into_iter().find(|vector| vector.name == name).expect("there is one");
        assert_eq!(vector.datagram, bytes(hex), "{name}");
    };
    let id = "00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f";
    let kitchen = format!("01 50 {id} 02 01 03 67 6b 69 74 63 68 65 6e 04 19 88 b8");
    written("announce-minimal", &format!("50 45 45 52 01 01 a4 {kitchen}"));
    written("announce-to-seed", &format!("50 45 45 52 01 01 a5 {kitchen} 11 f5"));
    written(
        "query-of-an-observer",
        &format!("50 45 45 52 01 02 a7 {kitchen} 09 50 a0*16 10 f5 07 59 04 40 00*1088"),
    );
    written("probe-bare", "50 45 45 52 01 04 a2 01 50 f0*16 09 50 b0*16");
    written("padding-with-a-longer-head", &format!("50 45 45 52 01 01 a5 {kitchen} 07 58 17 00*23"));
}

#[test]
fn each_vector_is_read_as_it_says() {
    for vector in vectors() {
        let name = vector.name.as_str();
        let read = wire::decode(&vector.datagram);
        match vector.meaning {
            "malformed" => assert_eq!(read, Err(Malformed), "{name}"),
            "sealed" => assert_eq!(read, Ok(Message::Sealed), "{name}"),
            "beacon" => assert!(matches!(read, Ok(Message::Legacy { .. })), "{name}"),
            "probe" => assert!(matches!(read, Ok(Message::Probe(_))), "{name}"),
            "packet" | "ask" | "tell" => assert!(matches!(read, Ok(Message::Cluster(..))), "{name}"),
            meaning => {
                let Ok(Message::Native(kind, about)) = read else { panic!("{name}: {read:?}") };
                let again = announcement_vector(name, kind, &about, vector.datagram.clone());
                assert_eq!(again.meaning, meaning, "{name}");
                let told: Vec<_> =
                    vector.fields.iter().filter(|(key, _)| !["canonical", "known"].contains(key)).collect();
                assert_eq!(again.fields.iter().collect::<Vec<_>>(), told, "{name}");
            }
        }
    }
}

#[test]
fn known_answers_are_found_in_the_filter() {
    let vector = vectors().into_iter().find(|vector| vector.name == "query-with-known-answers");
    let vector = vector.expect("there is one");
    let Ok(Message::Native(Kind::Query, about)) = wire::decode(&vector.datagram) else {
        panic!("it is a query")
    };
    for (id, is_known) in [(OTHER_ID, true), ([0x77; 16], true), (ID, false)] {
        assert_eq!(known_answers::contains(about.known_answers, about.sequence, &id), is_known);
    }
}

#[test]
fn a_node_opens_what_opens_and_ignores_the_rest() {
    for vector in sealed_vectors() {
        let is_for_one = vector.fields.iter().any(|(key, _)| *key == "addressee");
        let arrival = if is_for_one { Arrival::Unicast } else { Arrival::Group };
        for keys in [vec![Key::new(KEY)], vec![]] {
            let has_keys = !keys.is_empty();
            let mut clockwork = Clockwork::with(|settings| Settings { keys, ..settings });
            clockwork.node.handle_timeout(clockwork.now);
            clockwork.hear_bytes(&vector.datagram, ([192, 0, 2, 2], 50_000).into(), arrival);
            let counters = clockwork.node.counters();
            let opens = vector.fields.iter().any(|(key, _)| *key == "plain");
            let name = &vector.name;
            match (has_keys, opens, name.as_str()) {
                (true, true, "sealed-announce") => assert_eq!(counters.unvalidated, 1, "{name}"),
                (true, true, _) => assert_eq!(counters.wrong_key, 0, "{name}"),
                (true, false, "sealed-beacon") => assert_eq!(counters.other_cluster, 1, "{name}"),
                _ => assert_eq!(counters.wrong_key, 1, "{name}"),
            }
            assert_eq!(clockwork.node.peer_count(), 0, "{name}");
        }
    }
}
