//! A peer in words: its cells in a table, and the line of an event.

use peers::{Event, LeaveReason, Peer, Source};

/// Returns the text with control and format characters escaped: they would move a terminal's cursor or change its colours.
pub fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '"' | '\'' | '\\' => printable.push(letter),
            // An accent alone would be escaped, but not behind a letter, which it changes.
            _ => printable.extend(format!("a{letter}").escape_debug().skip(1)),
        }
    }
    printable
}

/// Returns the address; a link-local one has its interface behind it, once.
pub fn address(peer: &Peer) -> Option<String> {
    peer.address_text(peers::zone_name)
}

/// Returns all addresses, as `address` does the first.
pub fn addresses(peer: &Peer) -> Vec<String> {
    peer.addresses.iter().map(|address| address.text(peers::zone_name)).collect()
}

/// Returns the name of the interface that the peer was heard through, if it is known and still there.
pub fn interface(peer: &Peer) -> Option<String> {
    (peer.interface != 0).then(|| peers::zone_name(peer.interface)).flatten()
}

/// Returns how the peer was learned, in a word.
pub fn source(peer: &Peer) -> &'static str {
    match peer.source {
        Source::Multicast => "multicast",
        Source::Unicast => "unicast",
        Source::Gossip => "gossip",
        Source::Legacy => "legacy",
        Source::Registered => "registered",
        _ => "unknown",
    }
}

/// Returns why a peer left, in a word.
pub fn reason(reason: LeaveReason) -> &'static str {
    match reason {
        LeaveReason::Goodbye => "goodbye",
        LeaveReason::Expired => "expired",
        LeaveReason::Unreachable => "unreachable",
        _ => "unknown",
    }
}

/// Returns the cells of a peer in a table.
pub fn cells(peer: &Peer) -> [String; 6] {
    let port = if peer.port == 0 { "-".to_owned() } else { peer.port.to_string() };
    [
        printable(&peer.name),
        address(peer).unwrap_or_else(|| "-".to_owned()),
        port,
        value(&peer.value),
        format!("{} s ago", peer.age.as_secs()),
        source(peer).to_owned(),
    ]
}

/// Returns an event as a line.
pub fn line(event: &Event) -> String {
    let with_address = |what: &str, peer: &Peer| {
        format!("{what} {} {}", printable(&peer.name), address(peer).as_deref().unwrap_or("-"))
    };
    let with_all = |what: &str, peer: &Peer| {
        let mut line = with_address(what, peer);
        if peer.port != 0 {
            line += &format!(" port {}", peer.port);
        }
        if !peer.value.is_empty() {
            line += &format!(" value {}", value(&peer.value));
        }
        line
    };
    match event {
        Event::Joined(peer) => with_all("joined", peer),
        Event::Updated(peer) => with_all("updated", peer),
        Event::Left(peer, why) => format!("{} ({})", with_address("left", peer), reason(*why)),
        // Events of kinds to come are read as this one: the list has the state.
        _ => "resync".to_owned(),
    }
}

/// Returns a value as text if it is UTF-8, and as base64 if not.
fn value(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) => printable(text),
        Err(_) => format!("base64:{}", base64(bytes)),
    }
}

/// Returns the bytes as base64 (RFC 4648, section 4).
pub fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().chain(&[0, 0]).take(3).fold(0, |bits, byte| bits << 8 | usize::from(*byte));
        for place in 0..4 {
            text.push(match place <= group.len() {
                true => char::from(LETTERS[bits >> (18 - 6 * place) & 63]),
                false => '=',
            });
        }
    }
    text
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use std::time::Duration;

    /// A peer of that name, at an address of the loopback interface.
    pub fn peer(name: &str, address: &str) -> Peer {
        Peer {
            name: name.to_owned(),
            value: Vec::new(),
            address: Some(address.parse().expect("an address")),
            interface: 1,
            addresses: Vec::new(),
            addresses_validated: 0,
            port: 0,
            id: None,
            source: Source::Multicast,
            age: Duration::ZERO,
            expires_in: Duration::from_secs(35),
        }
    }

    #[test]
    fn only_what_is_printable_is_printed_as_it_is() {
        for text in ["grün", "日本", "it's \"a\\b\"", "e\u{301}t", "web [bold]"] {
            assert_eq!(printable(text), text);
        }
        assert_eq!(printable("\x1b[31mwarm\n"), "\\u{1b}[31mwarm\\n");
        assert_eq!(printable("a\u{202e}b\u{200b}"), "a\\u{202e}b\\u{200b}");
    }

    #[test]
    fn a_link_local_address_has_one_zone() {
        let loopback = peers::zone_name(1).expect("the first interface is loopback");
        assert_eq!(address(&peer("a", "fe80::1")), Some(format!("fe80::1%{loopback}")));
        assert_eq!(address(&peer("a", "2001:db8::1")), Some("2001:db8::1".to_owned()));
        assert_eq!(address(&peer("a", "192.0.2.1")), Some("192.0.2.1".to_owned()));
    }

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xfb, 0xff]), "+/8=");
    }
}
