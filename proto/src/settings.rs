//! What a [`Node`](crate::Node) is made with.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::crypto::{KEY_LEN, Key};
use crate::wire::{self, Announcement, InstanceId};

/// How a node finds its peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Mode {
    /// By multicast, on the local network.
    #[default]
    Multicast,
    /// By multicast, and by unicast copies to seeds and to nodes whose seed this node is.
    MulticastAndSeeds,
    /// By unicast copies alone, to seeds and to nodes whose seed this node is.
    Seeds,
    /// By unicast with the members of a cluster, by the SWIM protocol. One seed is enough to join.
    Swim,
}

impl Mode {
    /// Returns true if the node sends to the group and receives from it.
    pub fn has_multicast(self) -> bool {
        matches!(self, Mode::Multicast | Mode::MulticastAndSeeds)
    }

    /// Returns true if peers may be off the link. Unicast from any source is received then.
    pub fn allows_off_link(self) -> bool {
        self != Mode::Multicast
    }

    /// Returns the maximum length of the value of a node with this name and cluster.
    pub fn max_value_len(self, name: &str, cluster: &str) -> usize {
        let less = if self == Mode::Swim { wire::UPDATE_OVERHEAD } else { 0 };
        wire::max_value_len(name, cluster) - less
    }

    /// Returns true if seeds, and nodes whose seed this node is, get copies of each message.
    pub fn has_seeds(self) -> bool {
        matches!(self, Mode::Seeds | Mode::MulticastAndSeeds)
    }
}

/// Settings of a [`Node`](crate::Node). [`Settings::default`] has the defaults of the protocol.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Random id of this run.
    pub id: InstanceId,
    /// Seed of the random delays.
    pub seed: u64,
    /// Seed of nonces: 32 bytes of the system's random source, known to this node alone.
    pub secret_seed: Key,
    /// Keys of the cluster: none, or at most [`MAX_KEYS`](crate::MAX_KEYS). With keys every datagram is sealed. The first key
    /// seals; all of them open.
    pub keys: Vec<Key>,
    /// Name of the cluster, which has passed [`name::check_cluster`](crate::wire::name::check_cluster).
    pub cluster: String,
    /// Name of the node, which has passed [`name::check`](crate::wire::name::check).
    pub name: String,
    /// Value to announce, of at most [`Mode::max_value_len`] bytes.
    pub value: Vec<u8>,
    /// Port of the program's service; 0 for none.
    pub port: u16,
    /// How the node finds its peers.
    pub mode: Mode,
    /// True if the node sends and accepts legacy beacons. It does so only without keys and in the cluster without a name,
    /// because a legacy beacon has no cluster.
    pub legacy: bool,
    /// True for an observer: a node that lists peers, and is not listed. Not in mode [`Mode::Swim`].
    pub observer: bool,
    /// UDP port of the group, from which legacy nodes send.
    pub group_port: u16,
    /// TTL or hop limit of messages to the group. With 1, peers are on the link.
    pub hops: u8,
    /// Time between two announces. Less than half of `expiry`, so that one may be lost.
    pub interval: Duration,
    /// Time for which a message renews the node at its peers, after which a legacy peer expires, and after which silence of
    /// the group is taken for a fault.
    pub expiry: Duration,
    /// Maximum number of peers, and, apart from that, of entries that the program registers.
    pub max_peers: usize,
    /// Maximum number of bytes of the names and values of all entries together. 0: 512 for each of `max_peers`, at least
    /// 65536.
    pub entries_max_bytes: usize,
}

/// IPv4 multicast group, as the legacy program has it.
pub const GROUP_V4: Ipv4Addr = Ipv4Addr::new(239, 2, 3, 4);
/// IPv6 multicast group: the figures of [`GROUP_V4`] with the prefix of groups of a link that no authority assigned
/// (RFC 4291, section 2.7).
pub const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff12, 0, 0, 0, 0, 0, 0xef02, 0x304);
/// UDP port of both groups.
pub const PORT: u16 = 49001;
/// TTL or hop limit of messages to a group: they stay on the link.
pub const HOPS: u8 = 1;

impl Default for Settings {
    /// Returns the defaults of the protocol. The caller sets at least `id`, `seed`, `secret_seed` and `name`, which are all zero or
    /// empty here.
    fn default() -> Self {
        Settings {
            id: [0; 16],
            seed: 0,
            secret_seed: Key::new([0; KEY_LEN]),
            keys: Vec::new(),
            cluster: String::new(),
            name: String::new(),
            value: Vec::new(),
            port: 0,
            mode: Mode::default(),
            legacy: true,
            observer: false,
            group_port: PORT,
            hops: HOPS,
            interval: Duration::from_secs(15),
            // Two announcements may be lost; before that the peer is probed.
            expiry: Duration::from_secs(35),
            // The hosts of a /16: more than one link carries.
            max_peers: 65_536,
            entries_max_bytes: 0,
        }
    }
}

impl Settings {
    /// Returns the content of the message with this number.
    pub(crate) fn announcement(&self, sequence: u64) -> Announcement<'_> {
        Announcement {
            cluster: &self.cluster,
            id: self.id,
            sequence,
            name: &self.name,
            expiry: self.expiry,
            port: self.port,
            value: &self.value,
            ..Announcement::default()
        }
    }
}
