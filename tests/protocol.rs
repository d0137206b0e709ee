//! `docs/PROTOCOL.md` and the code say the same: its test vectors are read and made, and its numbers are the code's.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use peers::Config;
use peers::core::wire::{self, Announcement, InstanceId, Kind, Message};
use peers::core::{Arrival, Destination, Node, Settings, Transmit, name};

const SPECIFICATION: &str = include_str!("../docs/PROTOCOL.md");

/// A block of the specification's section on test vectors.
struct Vector {
    name: String,
    fields: BTreeMap<String, String>,
    datagram: Vec<u8>,
}

const KEYS: [&str; 12] = [
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

    fn meaning(&self) -> &str {
        self.required("meaning")
    }

    fn is_canonical(&self) -> bool {
        self.get("canonical").is_some_and(|canonical| canonical == "yes")
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.fields.get(key).map(String::as_str)
    }

    fn required(&self, key: &str) -> &str {
        self.get(key).unwrap_or_else(|| panic!("{} has no {key}", self.name))
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
}

impl Told {
    fn by(vector: &Vector) -> Told {
        Told {
            cluster: text(vector.get("cluster").unwrap_or_default()),
            id: bytes(vector.required("id")).try_into().expect("an id has 16 bytes"),
            sequence: vector.number("sequence"),
            node: text(vector.required("node")),
            expiry: Duration::from_millis(vector.number("expiry")),
            port: vector.get("port").map_or(0, |_| vector.number("port")),
            value: bytes(vector.get("value").unwrap_or_default()),
            answer_to_group: vector.get("answer-to-group").is_some_and(|answer| answer == "yes"),
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
        }
    }
}

/// Bytes in hex; `XX*N` stands for N of them.
fn bytes(hex: &str) -> Vec<u8> {
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

fn vectors() -> Vec<Vector> {
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
            ("line", _) => {
                assert_eq!(decoded, Ok(Message::Ancestor { name: vector.required("node") }), "{name}");
            }
            ("malformed", _) => {
                assert_eq!(decoded, Err(wire::Malformed), "{name}: {}", vector.required("reason"));
            }
            (meaning, _) => panic!("{name} has the meaning {meaning:?}"),
        }
        meanings.insert(vector.meaning().to_owned());
    }
    let all = ["announce", "goodbye", "line", "malformed", "query"].map(str::to_owned);
    assert_eq!(meanings, BTreeSet::from(all), "the specification has vectors of every meaning");
}

#[test]
fn what_is_canonical_is_made_to_the_same_bytes() {
    let mut made = BTreeSet::new();
    for vector in vectors().into_iter().filter(Vector::is_canonical) {
        let datagram = match kind(vector.meaning()) {
            Some(kind) => wire::encode(kind, &Told::by(&vector).announcement()),
            None => wire::encode_ancestor(vector.required("node")),
        };
        assert_eq!(datagram, vector.datagram, "{}", vector.name);
        made.insert(vector.meaning().to_owned());
    }
    let all = ["announce", "goodbye", "line", "query"].map(str::to_owned);
    assert_eq!(
        made,
        BTreeSet::from(all),
        "the specification has canonical vectors of everything that is sent"
    );
}

/// The value of a constant, as the tables of the specification give it.
fn constant(name: &str) -> &'static str {
    let begin = format!("| `{name}` | ");
    let mut rows = SPECIFICATION.lines().filter_map(|line| line.strip_prefix(&begin));
    let row = rows.next().unwrap_or_else(|| panic!("the specification has no {name}"));
    assert!(rows.next().is_none(), "{name} is there once");
    row.split(" | ").next().expect("a row has a value")
}

fn number(name: &str) -> u64 {
    let (number, _unit) = constant(name).split_once(' ').expect("a number and its unit");
    number.parse().unwrap_or_else(|_| panic!("{name} is {number:?}"))
}

#[test]
fn the_sizes_of_the_specification_are_the_codes() {
    assert_eq!(number("DATAGRAM_MAX"), wire::MAX_DATAGRAM as u64);
    assert_eq!(number("ANNOUNCE_MAX"), wire::MAX_ANNOUNCE as u64);
    assert_eq!(number("ID_LEN"), size_of::<InstanceId>() as u64);
    assert_eq!(number("NAME_MAX"), name::MAX_LEN as u64);
    let longest =
        vectors().iter().filter(|vector| vector.meaning() == "query").map(|v| v.datagram.len()).max();
    assert_eq!(longest, Some(number("QUERY_MAX") as usize));
    assert_eq!(number("QUERY_MAX"), number("ANNOUNCE_MAX") + 2);
}

#[test]
fn the_room_for_a_value_is_what_the_specification_reckons() {
    for (name, name_with_head, cluster, cluster_pair) in
        [("kitchen", 8, "", 0), ("kitchen", 8, "blue", 6), ("abcdefghijklmnopqrstuvwxyz", 28, "blue", 6)]
    {
        let room = wire::MAX_ANNOUNCE - 50 - name_with_head - cluster_pair - 4;
        assert_eq!(wire::room_for_value(name, cluster), room, "{name} {cluster}");
    }
}

#[test]
fn the_defaults_of_the_specification_are_the_codes() {
    let default = Config::default();
    assert_eq!(number("PEERS_MAX"), default.max_peers as u64);
    assert_eq!(number("INTERVAL"), default.interval.as_millis() as u64);
    assert_eq!(number("EXPIRY"), default.expiry.as_millis() as u64);
    let row = |what: &str, v4: String, v6: String| {
        let row = format!("| {what} | {v4} | {v6} |");
        assert!(SPECIFICATION.lines().any(|line| line == row), "the specification has no row {row:?}");
    };
    let (v4, v6) = (default.group_v4.expect("IPv4 is on"), default.group_v6.expect("IPv6 is on"));
    row("group", v4.to_string(), v6.to_string());
    row("UDP port", default.port.to_string(), default.port.to_string());
    row("TTL or hop limit of group messages", default.hops.to_string(), default.hops.to_string());
}

/// A node of the default times, alone, that has heard one announce of a peer with the default expiry, and what it sends
/// as time goes on.
struct Clockwork {
    node: Node,
    begin: Instant,
    now: Instant,
}

impl Clockwork {
    fn new() -> Clockwork {
        let default = Config::default();
        let settings = Settings {
            id: [1; 16],
            seed: 1,
            cluster: String::new(),
            name: "node".into(),
            value: Vec::new(),
            port: 0,
            ancestor: false,
            interval: default.interval,
            expiry: default.expiry,
            max_peers: default.max_peers,
        };
        #[allow(clippy::disallowed_methods)] // a test has to begin at some time
        let begin = Instant::now();
        Clockwork { node: Node::new(settings, begin), begin, now: begin }
    }

    fn hear_peer(&mut self, expiry: Duration) {
        let about = Announcement {
            cluster: "",
            id: [2; 16],
            sequence: 1,
            name: "peer",
            expiry,
            port: 0,
            value: b"",
            answer_to_group: false,
        };
        let from = SocketAddr::from(([192, 0, 2, 2], 50_000));
        self.node.handle_datagram(&wire::encode(Kind::Announce, &about), from, 1, Arrival::Group, self.now);
    }

    /// The messages that the node sends until `end`, with the time of each since the begin, in milliseconds.
    fn run(&mut self, end: Duration) -> Vec<(u64, Kind, Destination)> {
        let mut sent = Vec::new();
        loop {
            while let Some(Transmit { payload, to }) = self.node.poll_transmit() {
                let Ok(Message::Native(kind, _)) = wire::decode(&payload) else {
                    panic!("it sends messages")
                };
                sent.push(((self.now - self.begin).as_millis() as u64, kind, to));
            }
            let next = self.node.poll_timeout().expect("a node has always something to do");
            if next > self.begin + end {
                return sent;
            }
            self.now = next;
            self.node.handle_timeout(next);
        }
    }
}

/// All numbers of a constant with several: "0 ms, 250 ms" is 0 and 250.
fn numbers(name: &str) -> Vec<u64> {
    let words = constant(name).split([' ', ',']);
    words.filter_map(|word| word.parse().ok()).collect()
}

#[test]
fn a_node_asks_the_group_when_the_specification_says() {
    let sent = Clockwork::new().run(Duration::from_secs(60));
    let queries: Vec<u64> =
        sent.iter().filter(|(_, kind, _)| *kind == Kind::Query).map(|(at, ..)| *at).collect();
    assert_eq!(queries, numbers("BURST"));
    let group: Vec<u64> = sent.iter().map(|(at, ..)| *at).skip(queries.len() - 1).collect();
    let interval = number("INTERVAL");
    let shortest = interval - interval * number("JITTER") / 100;
    for pair in group.windows(2) {
        assert!((shortest..=interval).contains(&(pair[1] - pair[0])), "{group:?}");
    }
}

#[test]
fn a_silent_peer_is_asked_when_the_specification_says() {
    let mut clockwork = Clockwork::new();
    clockwork.hear_peer(Duration::from_millis(number("EXPIRY")));
    let sent = clockwork.run(Duration::from_secs(60));
    let asked: Vec<u64> = sent
        .into_iter()
        .filter(|(_, _, to)| matches!(to, Destination::Peer { .. }))
        .map(|(at, ..)| at)
        .collect();
    let part = |part: u64| number("EXPIRY") * part / 100;
    let questions = |part: u64| (0..number("ASK_TRIES")).map(move |n| part + n * number("ASK_GAP"));
    assert_eq!(asked, numbers("ASK_PARTS").into_iter().map(part).flat_map(questions).collect::<Vec<_>>());
    assert!(clockwork.node.peers(clockwork.now).is_empty());
}

#[test]
fn the_life_of_a_peer_is_clamped_as_the_specification_says() {
    for (announced, name) in [(Duration::ZERO, "LIFE_MIN"), (Duration::MAX, "LIFE_MAX")] {
        let mut clockwork = Clockwork::new();
        clockwork.hear_peer(announced);
        let peers = clockwork.node.peers(clockwork.now);
        assert_eq!(peers[0].expires_in, Duration::from_millis(number(name)), "{name}");
    }
}

#[test]
fn a_changed_value_and_a_goodbye_are_sent_as_the_specification_says() {
    let mut clockwork = Clockwork::new();
    clockwork.run(Duration::from_secs(2));
    clockwork.node.set_value(b"1", clockwork.now).expect("it fits");
    clockwork.node.set_value(b"2", clockwork.now).expect("it fits");
    let sent = clockwork.run(Duration::from_secs(3));
    let times: Vec<u64> = sent.iter().map(|(at, ..)| *at).collect();
    assert_eq!(times, [times[0], times[0] + number("CHANGE_GAP")]);

    clockwork.node.stop();
    let copies: Vec<Transmit> = std::iter::from_fn(|| clockwork.node.poll_transmit()).collect();
    assert_eq!(copies.len() as u64, number("GOODBYES"));
    assert!(copies.iter().all(|copy| copy.payload == copies[0].payload), "they are one message");
}
