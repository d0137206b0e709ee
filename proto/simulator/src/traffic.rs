//! `Traffic`: how many datagrams were sent, of which kind, and how many bytes.

use std::ops::Add;

/// Datagrams and the bytes in them, without the headers of UDP and IP.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    pub datagrams: u64,
    pub bytes: u64,
}

/// What was sent. A datagram to the group counts once for each link.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    /// Legacy beacons.
    pub lines: Count,
    /// Messages of ours to the group.
    pub group: Count,
    /// Messages of ours to one peer: questions and answers.
    pub unicast: Count,
}

impl Traffic {
    pub fn note(&mut self, payload: &[u8], to_group: bool) {
        let count = match (payload.starts_with(b"multitastic:"), to_group) {
            (true, _) => &mut self.lines,
            (false, true) => &mut self.group,
            (false, false) => &mut self.unicast,
        };
        *count = *count + Count { datagrams: 1, bytes: payload.len() as u64 };
    }

    /// Messages of ours, without legacy beacons.
    pub fn native(&self) -> Count {
        self.group + self.unicast
    }
}

impl Add for Count {
    type Output = Count;

    fn add(self, other: Count) -> Count {
        Count { datagrams: self.datagrams + other.datagrams, bytes: self.bytes + other.bytes }
    }
}
