//! What `--json` prints. `docs/peers-command.schema.json` describes it.

use peers::{Event, Peer};
use serde::Serialize;

use crate::text;

/// A peer.
#[derive(Serialize)]
pub struct PeerRecord {
    name: String,
    #[serde(flatten)]
    value: ValueRecord,
    address: Option<String>,
    addresses: Vec<String>,
    addresses_validated: usize,
    port: Option<u16>,
    interface: Option<String>,
    id: Option<String>,
    source: &'static str,
    age: f64,
    expires_in: f64,
}

/// The bytes of a value: as text if they are UTF-8.
#[derive(Serialize)]
pub enum ValueRecord {
    #[serde(rename = "value")]
    Text(String),
    #[serde(rename = "value_base64")]
    Base64(String),
}

/// An event, as `peers watch` prints it.
#[derive(Serialize)]
pub struct EventRecord {
    event: &'static str,
    reason: Option<&'static str>,
    peer: Option<PeerRecord>,
}

impl PeerRecord {
    /// Describes a peer.
    pub fn new(peer: &Peer) -> Self {
        PeerRecord {
            name: peer.name.clone(),
            value: ValueRecord::new(&peer.value),
            address: text::address(peer),
            addresses: text::addresses(peer),
            addresses_validated: peer.addresses_validated,
            port: Some(peer.port).filter(|port| *port != 0),
            interface: text::interface(peer),
            id: peer.id.map(|id| id.iter().map(|byte| format!("{byte:02x}")).collect()),
            source: text::source(peer),
            age: peer.age.as_secs_f64(),
            expires_in: peer.expires_in.as_secs_f64(),
        }
    }
}

impl ValueRecord {
    /// Describes a value.
    pub fn new(bytes: &[u8]) -> Self {
        match str::from_utf8(bytes) {
            Ok(text) => ValueRecord::Text(text.to_owned()),
            Err(_) => ValueRecord::Base64(text::base64(bytes)),
        }
    }
}

impl EventRecord {
    /// Describes an event.
    pub fn new(event: &Event) -> Self {
        let (event, reason, peer) = match event {
            Event::Joined(peer) => ("joined", None, Some(peer)),
            Event::Updated(peer) => ("updated", None, Some(peer)),
            Event::Left(peer, reason) => ("left", Some(text::reason(*reason)), Some(peer)),
            // Events of kinds to come are read as this one: the list has the state.
            _ => ("resync", None, None),
        };
        EventRecord { event, reason, peer: peer.map(PeerRecord::new) }
    }
}
