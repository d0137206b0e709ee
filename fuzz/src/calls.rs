//! What the fuzzer makes up for the C ABI: a sequence of calls.

use arbitrary::Arbitrary;

use crate::c;

#[derive(Arbitrary, Debug)]
pub enum Call {
    Start(Options, Output),
    Register {
        node: Which,
        key: Text,
        value: Bytes,
        ttl_ms: u32,
    },
    SetValue {
        node: Which,
        value: Bytes,
    },
    SetKeys {
        node: Which,
        keys: Keys,
    },
    Advance {
        node: Which,
        ms: u16,
    },
    Free {
        node: Which,
    },
    List {
        node: Which,
        to: Output,
        keep: bool,
    },
    NextEvent {
        node: Which,
        to: Output,
        wait: bool,
        keep: bool,
    },
    EventFd {
        node: Which,
        to: Output,
    },
    Health {
        node: Which,
        size: u16,
        to: Output,
    },
    SetSeeds {
        node: Which,
        seeds: Seeds,
    },
    Strerror(i32),
    /// Frees the lists and events that were kept.
    FreeKept,
}

#[derive(Arbitrary, Debug)]
pub struct Options {
    pub size: Size,
    pub name: Text,
    pub cluster: Text,
    pub value: Bytes,
    pub interfaces: Text,
    pub network: Network,
    pub group_v4: Text,
    pub group_v6: Text,
    pub keys: Keys,
    pub has_log: bool,
    pub log_level: u8,
    pub interval_ms: u16,
    pub expiry_ms: u32,
    pub max_peers: u32,
    pub has_thread: bool,
    pub flags: u8,
    pub hops: u16,
    pub port: u32,
    pub service_port: u32,
    pub seeds: Seeds,
    pub mode: u8,
    pub unicast_port: u32,
}

#[derive(Arbitrary, Debug)]
pub enum Size {
    Right,
    /// As that of a caller who knows fewer of the last fields.
    Shorter(u8),
    /// As that of a caller who knows more, which are zero or not.
    Longer(u16, u8),
    Any(usize),
}

#[derive(Arbitrary, Debug)]
pub enum Network {
    One,
    Other,
    Any(Vec<u8>),
}

#[derive(Arbitrary, Debug, Clone, Copy)]
pub enum Which {
    /// One of those that were started, whether they were freed or not.
    Started(u8),
    Null,
    Forged(usize),
    /// The handle of one that was started with one bit changed.
    Altered(u8, u8),
}

#[derive(Arbitrary, Debug)]
pub enum Text {
    Null,
    Few(u8),
    Long(u16),
    Any(Vec<u8>),
}

#[derive(Arbitrary, Debug)]
pub enum Seeds {
    None,
    /// Those of the places of a network in memory whose bits are set, and one where nobody is.
    Places(u8),
    /// So many, which may be more than a node keeps.
    Many(u16),
    Any(Text),
}

#[derive(Arbitrary, Debug)]
pub enum Bytes {
    None,
    Len(u16),
    /// No bytes, but a length.
    NullOf(usize),
    /// More bytes than there can be.
    Negative(u8),
}

#[derive(Arbitrary, Debug)]
pub enum Keys {
    None,
    /// So many that begin with this one; more than a node holds are not there.
    From(u8, u8),
    NullOf(usize),
    /// More than a node holds, of which nothing may be read.
    Many(usize),
}

#[derive(Arbitrary, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    There,
    Null,
}

impl Text {
    /// The text with its NUL, in an allocation of just that length; `None` for NULL.
    pub fn bytes(&self) -> Option<Box<[u8]>> {
        let mut bytes = match self {
            Text::Null => return None,
            Text::Few(which) => {
                let few: [&[u8]; 6] = [b"a", b"b", b"fuzz", "zürich".as_bytes(), b"", b"239.2.3.9"];
                few[usize::from(which % 6)].to_vec()
            }
            Text::Long(len) => vec![b'n'; usize::from(len % 300)],
            Text::Any(bytes) => bytes.iter().copied().filter(|byte| *byte != 0).collect(),
        };
        bytes.push(0);
        Some(bytes.into())
    }
}

impl Seeds {
    /// The text with its NUL, as that of a `Text`.
    pub fn bytes(&self) -> Option<Box<[u8]>> {
        let place = |number: usize| format!("10.0.0.{}:{}", number + 1, 49_153 + number);
        let text = match self {
            Seeds::None => return None,
            Seeds::Any(text) => return text.bytes(),
            Seeds::Places(bits) => {
                let places = (0..8).filter(|number| bits >> number & 1 == 1).map(place);
                places.chain(["[2001:db8::9]:9".into()]).collect::<Vec<_>>().join(", ")
            }
            Seeds::Many(count) => {
                (0..usize::from(count % 1100)).map(place_of_many).collect::<Vec<_>>().join(",")
            }
        };
        Some([text.as_bytes(), &[0]].concat().into())
    }

    /// What a node makes of them: an empty list for NULL, and no list of what is none.
    pub fn list(&self) -> Result<Vec<peers::Seed>, i32> {
        let Some(bytes) = self.bytes() else { return Ok(vec![]) };
        let text = str::from_utf8(&bytes[..bytes.len() - 1]).map_err(|_| c::UTF8)?;
        peers::Seed::list(text).ok().filter(|seeds| seeds.len() <= peers::MAX_SEEDS).ok_or(c::INVALID)
    }

    /// True if a node with a clock would look a name up, which takes a real network.
    pub fn have_names(&self) -> bool {
        self.list().is_ok_and(|seeds| seeds.iter().any(|seed| seed.address().is_none()))
    }
}

fn place_of_many(number: usize) -> String {
    format!("10.9.{}.{}:1", number / 256, number % 256)
}

impl Bytes {
    /// The bytes, in an allocation of just that length, and the length that is told.
    pub fn of(&self) -> (Option<Box<[u8]>>, usize) {
        match self {
            Bytes::None => (None, 0),
            Bytes::Len(len) => {
                let len = usize::from(len % 1300);
                (Some(vec![b'v'; len].into()), len)
            }
            Bytes::NullOf(len) => (None, *len),
            Bytes::Negative(back) => (Some(vec![b'v'; 1].into()), usize::MAX - usize::from(*back)),
        }
    }
}

impl Keys {
    /// The keys, in an allocation of just their length, and the count that is told.
    pub fn of(&self) -> (Option<Box<[u8]>>, usize) {
        match self {
            Keys::None => (None, 0),
            Keys::From(first, count) => {
                let count = count % 9;
                let of = |number: u8| [(first % 3).wrapping_add(number); 32];
                (Some((0..count).flat_map(of).collect()), count.into())
            }
            Keys::NullOf(count) => (None, *count),
            Keys::Many(count) => (Some(Box::new([])), (*count).max(9)),
        }
    }

    /// Whether a node takes them.
    pub fn are_good(&self) -> bool {
        matches!(self, Keys::From(_, count) if count % 9 != 0)
    }
}
