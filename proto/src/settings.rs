//! What a [`Node`](crate::Node) is made with.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::crypto::{KEY_LEN, Key};
use crate::wire::{self, Announcement, InstanceId};

/// By which ways a node finds its peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// By multicast: on the local network.
    #[default]
    Multicast,
    /// By multicast, and by unicast with seeds and with those who have this node for a seed.
    MulticastAndSeeds,
    /// By unicast with seeds and with those who have this node for a seed, and not by multicast.
    Seeds,
    /// By unicast with the members of a cluster, each of which knows of all, by the SWIM protocol. One seed is enough to join.
    Swim,
}

impl Mode {
    /// True if the group is spoken to, and heard.
    pub fn has_multicast(self) -> bool {
        matches!(self, Mode::Multicast | Mode::MulticastAndSeeds)
    }

    /// True if peers may be beyond the link: whoever speaks to this node alone is heard.
    pub fn allows_off_link(self) -> bool {
        self != Mode::Multicast
    }

    /// The most bytes of value that fit into what a node of this name and cluster tells.
    pub fn max_value_len(self, name: &str, cluster: &str) -> usize {
        let less = if self == Mode::Swim { wire::UPDATE_OVERHEAD } else { 0 };
        wire::max_value_len(name, cluster) - less
    }

    /// True if everything that is told is told to seeds, and to those who have this node for one.
    pub fn has_seeds(self) -> bool {
        matches!(self, Mode::Seeds | Mode::MulticastAndSeeds)
    }
}

/// What a [`Node`](crate::Node) has to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The random id of this run.
    pub id: InstanceId,
    /// What the node's jitter is drawn from.
    pub seed: u64,
    /// What nonces and challenges are drawn from: 32 bytes of the system's randomness that nobody else knows.
    pub secret_seed: Key,
    /// The keys of the cluster: none, or at most [`MAX_KEYS`](crate::MAX_KEYS). With keys every datagram is sealed.
    pub keys: Vec<Key>,
    /// The cluster, which has passed [`name::check_cluster`](crate::wire::name::check_cluster).
    pub cluster: String,
    /// The node's name, which has passed [`name::check`](crate::wire::name::check).
    pub name: String,
    /// The value to announce, of no more than [`wire::max_value_len`](crate::wire::max_value_len) bytes.
    pub value: Vec<u8>,
    /// The port at which the program offers its service; 0 for none.
    pub port: u16,
    /// By which ways the node finds its peers.
    pub mode: Mode,
    /// Whether the node speaks the legacy beacon too. It does so only in the cluster without a name, for a line
    /// does not tell its cluster, and only without keys.
    pub legacy: bool,
    /// The UDP port of the group, from which legacy nodes send.
    pub group_port: u16,
    /// Time between two announcements.
    pub interval: Duration,
    /// Time after which a peer that was not heard is gone, and after which silence is suspect.
    pub expiry: Duration,
    /// The most entries the registry holds.
    pub max_peers: usize,
}

/// The IPv4 multicast group, as the legacy program has it.
pub const GROUP_V4: Ipv4Addr = Ipv4Addr::new(239, 2, 3, 4);
/// The IPv6 multicast group: the figures of [`GROUP_V4`] with the prefix of groups of a link that no authority assigned
/// (RFC 4291, section 2.7).
pub const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff12, 0, 0, 0, 0, 0, 0xef02, 0x304);
/// The UDP port of both groups.
pub const PORT: u16 = 49001;
/// The TTL or hop limit of messages to a group: they stay on the link.
pub const HOPS: u8 = 1;

impl Default for Settings {
    /// The defaults of the protocol. The caller sets at least `id`, `seed`, `secret_seed` and `name`, which are all zero or
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
            group_port: PORT,
            interval: Duration::from_secs(15),
            // Two announcements may be lost; before that the peer is probed.
            expiry: Duration::from_secs(35),
            // The hosts of a /16: more than one link carries.
            max_peers: 65_536,
        }
    }
}

impl Settings {
    /// What a message of this number tells.
    pub(crate) fn announcement(&self, sequence: u64) -> Announcement<'_> {
        Announcement {
            cluster: &self.cluster,
            id: self.id,
            sequence,
            name: &self.name,
            expiry: self.expiry,
            port: self.port,
            value: &self.value,
            answer_to_group: false,
            proof: None,
        }
    }
}
