//! What a user has been told by events, and whether the list agrees.

use std::collections::BTreeMap;
use std::net::IpAddr;

use peers_proto::{Event, Peer, Source};

/// Entries with an id are known by that, those without by their name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Id([u8; 16]),
    Name(String),
}

#[derive(Debug, PartialEq, Eq)]
struct Told {
    name: String,
    value: Vec<u8>,
    address: Option<IpAddr>,
    port: u16,
    source: Source,
}

#[derive(Default)]
pub struct View {
    told: BTreeMap<Key, Told>,
    /// Events were lost, and only the list has the state.
    is_lost: bool,
    pub joins: usize,
}

impl View {
    /// Takes in an event, which has to follow from those before.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Resync => {
                self.is_lost = true;
                self.told.clear();
            }
            Event::Joined(_) | Event::Updated(_) | Event::Left(..) if self.is_lost => self.joins += 1,
            Event::Joined(peer) => {
                self.joins += 1;
                let known = self.told.insert(key_of(peer), told_of(peer));
                assert_eq!(known, None, "one that is listed has joined");
            }
            Event::Updated(peer) => self.update(peer),
            Event::Left(peer, _) => {
                assert!(peer.expires_in.is_zero(), "one that left has time left");
                assert!(
                    self.told.remove(&key_of(peer)).is_some(),
                    "one that is not listed has left: {peer:?}"
                );
            }
            other => panic!("the model has no rule for {other:?}"),
        }
    }

    fn update(&mut self, peer: &Peer) {
        if self.told.insert(key_of(peer), told_of(peer)).is_none() {
            // The entry of a line has become that of the instance that sends it.
            self.joins += 1;
            let line = self.told.remove(&Key::Name(peer.name.clone()));
            assert!(peer.id.is_some() && line.is_some(), "one that is not listed was updated: {peer:?}");
        }
    }

    /// Compares with the list as it is, of a node that has nothing to do.
    pub fn compare(&mut self, list: &[Peer]) {
        let listed: BTreeMap<Key, Told> = list.iter().map(|peer| (key_of(peer), told_of(peer))).collect();
        assert_eq!(listed.len(), list.len(), "one is listed twice");
        if std::mem::take(&mut self.is_lost) {
            self.told = listed;
        } else {
            assert_eq!(listed, self.told, "the list is not what the events tell");
        }
    }
}

/// The source is the listed one's: it may become another without an event only when the entry is the same to a user.
fn told_of(peer: &Peer) -> Told {
    Told {
        name: peer.name.clone(),
        value: peer.value.clone(),
        address: peer.address,
        port: peer.port,
        source: peer.source,
    }
}

fn key_of(peer: &Peer) -> Key {
    peer.id.map_or_else(|| Key::Name(peer.name.clone()), Key::Id)
}
