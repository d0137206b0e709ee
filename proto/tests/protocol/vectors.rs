//! The test vectors are read, and those that a sender makes are made.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use peers_proto::wire::{self, Announcement, Challenge, InstanceId, Kind, Message, Proof};

use super::SPECIFICATION;

/// A block of the specification's section on test vectors.
pub struct Vector {
    pub name: String,
    fields: BTreeMap<String, String>,
    pub datagram: Vec<u8>,
}

const KEYS: [&str; 20] = [
    "name",
    "meaning",
    "reason",
    "cluster",
    "id",
    "sequence",
    "node",
    "expiry",
    "port",
    "value",
    "answer-to-group",
    "challenge",
    "response",
    "plain",
    "addressee",
    "key",
    "nonce",
    "padded-to",
    "canonical",
    "hex",
];

impl Vector {
    fn parse(block: &str) -> Vector {
        let mut fields = BTreeMap::new();
        let mut last = String::new();
        for line in block.lines() {
            if let Some(continued) = line.strip_prefix("  ") {
                let text: &mut String = fields.get_mut(&last).expect("a line to continue");
                text.push(' ');
                text.push_str(continued);
                continue;
            }
            let (key, text) = line.split_once(':').unwrap_or_else(|| panic!("no key in {line:?}"));
            assert!(KEYS.contains(&key), "the key {key:?} is not known");
            assert!(fields.insert(key.to_owned(), text.trim().to_owned()).is_none(), "{key:?} comes twice");
            last = key.to_owned();
        }
        let name = fields.remove("name").expect("each vector has a name");
        let datagram = bytes(&fields.remove("hex").unwrap_or_else(|| panic!("{name} has no hex")));
        Vector { name, fields, datagram }
    }

    pub fn meaning(&self) -> &str {
        self.required("meaning")
    }

    fn is_canonical(&self) -> bool {
        self.get("canonical").is_some_and(|canonical| canonical == "yes")
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        self.fields.get(key).map(String::as_str)
    }

    pub fn required(&self, key: &str) -> &str {
        self.get(key).unwrap_or_else(|| panic!("{} has no {key}", self.name))
    }

    /// The bytes that a field gives in hex.
    pub fn array<const N: usize>(&self, key: &str) -> [u8; N] {
        bytes(self.required(key)).try_into().unwrap_or_else(|_| panic!("{}: {key} has {N} bytes", self.name))
    }

    fn number<T: std::str::FromStr>(&self, key: &str) -> T {
        self.required(key).parse().unwrap_or_else(|_| panic!("{}: {key} is no such number", self.name))
    }
}

/// What a vector says that its datagram tells.
struct Told {
    cluster: String,
    id: InstanceId,
    sequence: u64,
    node: String,
    expiry: Duration,
    port: u16,
    value: Vec<u8>,
    answer_to_group: bool,
    proof: Option<Proof>,
}

impl Told {
    fn by(vector: &Vector) -> Told {
        Told {
            cluster: text(vector.get("cluster").unwrap_or_default()),
            id: vector.array("id"),
            sequence: vector.number("sequence"),
            node: text(vector.required("node")),
            expiry: Duration::from_millis(vector.number("expiry")),
            port: vector.get("port").map_or(0, |_| vector.number("port")),
            value: bytes(vector.get("value").unwrap_or_default()),
            answer_to_group: vector.get("answer-to-group").is_some_and(|answer| answer == "yes"),
            proof: vector
                .get("response")
                .map(|_| Proof { challenge: vector.array("challenge"), response: vector.array("response") }),
        }
    }

    fn announcement(&self) -> Announcement<'_> {
        Announcement {
            cluster: &self.cluster,
            id: self.id,
            sequence: self.sequence,
            name: &self.node,
            expiry: self.expiry,
            port: self.port,
            value: &self.value,
            answer_to_group: self.answer_to_group,
            proof: self.proof,
        }
    }
}

/// What a vector says that its challenge tells.
fn challenge(vector: &Vector) -> (String, InstanceId, Challenge) {
    (text(vector.get("cluster").unwrap_or_default()), vector.array("id"), vector.array("challenge"))
}

/// Bytes in hex; `XX*N` stands for N of them.
pub fn bytes(hex: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).expect("hex is ASCII");
        u8::from_str_radix(pair, 16).unwrap_or_else(|_| panic!("{pair:?} is not hex"))
    };
    let mut all = Vec::new();
    for word in hex.split_whitespace() {
        match word.split_once('*') {
            Some((pair, times)) => all.extend(vec![byte(pair.as_bytes()); times.parse().expect("a count")]),
            None => all.extend(word.as_bytes().chunks(2).map(byte)),
        }
    }
    all
}

/// A text; `x*N` stands for N letters x.
fn text(written: &str) -> String {
    match written.split_once('*') {
        Some((letter, times)) => letter.repeat(times.parse().expect("a count")),
        None => written.to_owned(),
    }
}

pub fn vectors() -> Vec<Vector> {
    let blocks = SPECIFICATION.split("```vector\n").skip(1);
    let vectors: Vec<Vector> =
        blocks.map(|block| Vector::parse(block.split_once("```").expect("each block ends").0)).collect();
    let names: BTreeSet<&str> = vectors.iter().map(|vector| vector.name.as_str()).collect();
    assert_eq!(names.len(), vectors.len(), "each vector has a name of its own");
    vectors
}

/// The kind of message that a meaning names.
fn kind(meaning: &str) -> Option<Kind> {
    match meaning {
        "announce" => Some(Kind::Announce),
        "query" => Some(Kind::Query),
        "goodbye" => Some(Kind::Goodbye),
        _ => None,
    }
}

#[test]
fn every_vector_means_what_the_specification_says() {
    let mut meanings = BTreeSet::new();
    for vector in vectors() {
        let decoded = wire::decode(&vector.datagram);
        let name = &vector.name;
        match (vector.meaning(), kind(vector.meaning())) {
            (_, Some(kind)) => {
                let told = Told::by(&vector);
                assert_eq!(decoded, Ok(Message::Native(kind, told.announcement())), "{name}");
            }
            ("challenge", _) => {
                let (cluster, id, challenge) = challenge(&vector);
                assert_eq!(decoded, Ok(Message::Challenge { cluster: &cluster, id, challenge }), "{name}");
            }
            ("sealed", _) => assert_eq!(decoded, Ok(Message::Sealed), "{name}"),
            ("line", _) => {
                assert_eq!(decoded, Ok(Message::Legacy { name: vector.required("node") }), "{name}");
            }
            ("malformed", _) => {
                assert_eq!(decoded, Err(wire::Malformed), "{name}: {}", vector.required("reason"));
            }
            (meaning, _) => panic!("{name} has the meaning {meaning:?}"),
        }
        meanings.insert(vector.meaning().to_owned());
    }
    let all = ["announce", "challenge", "goodbye", "line", "malformed", "query", "sealed"].map(str::to_owned);
    assert_eq!(meanings, BTreeSet::from(all), "the specification has vectors of every meaning");
}

#[test]
fn what_is_canonical_is_made_to_the_same_bytes() {
    let mut made = BTreeSet::new();
    for vector in vectors().into_iter().filter(Vector::is_canonical) {
        let told = || Told::by(&vector);
        let padded_to = vector.get("padded-to").map(|_| vector.number("padded-to"));
        let datagram = match (vector.meaning(), kind(vector.meaning()), padded_to) {
            (_, Some(kind), None) => wire::encode(kind, &told().announcement()),
            (_, Some(kind), Some(least)) => wire::encode_padded(kind, &told().announcement(), least),
            ("challenge", ..) => {
                let (cluster, id, challenge) = challenge(&vector);
                wire::encode_challenge(&cluster, id, challenge, padded_to.unwrap_or_default())
            }
            _ => wire::encode_legacy(vector.required("node")),
        };
        assert_eq!(datagram, vector.datagram, "{}", vector.name);
        made.insert(vector.meaning().to_owned());
    }
    let all = ["announce", "challenge", "goodbye", "line", "query"].map(str::to_owned);
    assert_eq!(
        made,
        BTreeSet::from(all),
        "the specification has canonical vectors of everything that is sent"
    );
}
