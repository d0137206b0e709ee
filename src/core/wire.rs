//! What is on the wire: datagram to [`Message`] and back. Never trusts a length, never panics.

use super::name;

/// What the ancestor's line begins with; the sender's name follows, to the end of the datagram.
const ANCESTOR_PREFIX: &[u8] = b"multitastic:";

/// The longest datagram that can be a message. Whoever receives should have room for one byte more, so that a
/// longer one is seen to be too long.
pub const MAX_DATAGRAM: usize = ANCESTOR_PREFIX.len() + name::MAX_LEN;

/// A datagram's meaning.
#[derive(Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// The ancestor's beacon: somebody of this name is alive.
    Ancestor {
        /// The sender's name.
        name: &'a str,
    },
}

/// The datagram is not a message of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// Reads a datagram.
pub fn decode(datagram: &[u8]) -> Result<Message<'_>, Malformed> {
    let name = datagram.strip_prefix(ANCESTOR_PREFIX).ok_or(Malformed)?;
    let name = std::str::from_utf8(name).map_err(|_| Malformed)?;
    name::check(name).map_err(|_| Malformed)?;
    Ok(Message::Ancestor { name })
}

/// The ancestor's beacon for `name`, which has passed [`name::check`].
pub fn encode_ancestor(name: &str) -> Vec<u8> {
    [ANCESTOR_PREFIX, name.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoded_beacon_is_the_ancestors_line_and_reads_back() {
        let datagram = encode_ancestor("zürich-1");
        assert_eq!(datagram, "multitastic:zürich-1".as_bytes());
        assert_eq!(decode(&datagram), Ok(Message::Ancestor { name: "zürich-1" }));
    }

    #[test]
    fn the_longest_name_makes_the_longest_datagram() {
        let longest = encode_ancestor(&"n".repeat(name::MAX_LEN));
        assert_eq!(longest.len(), MAX_DATAGRAM);
        assert!(decode(&longest).is_ok());
        assert_eq!(decode(&[&longest[..], b"n"].concat()), Err(Malformed));
    }

    #[test]
    fn what_is_not_a_line_is_malformed() {
        let cases: [&[u8]; 10] = [
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
        ];
        for case in cases {
            assert_eq!(decode(case), Err(Malformed), "{case:?}");
        }
    }
}
