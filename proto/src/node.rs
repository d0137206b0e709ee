//! `Node`: the verbs of the protocol, each a list of steps that its parts do.

#[cfg(feature = "swim")]
mod cluster;
#[cfg(not(feature = "swim"))]
mod no_cluster;
#[cfg(not(feature = "swim"))]
use no_cluster as cluster;
mod receive;
mod send;
mod unicast;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use cluster::Membership;
use fastrand::Rng;
use receive::Inbound;
use send::Repeats;

use crate::announce::AnnounceTimer;
use crate::counters::Counters;
use crate::crypto::{Key, Keyring, MAX_KEYS};
use crate::error::{NotRegistered, RegisterError, SetKeysError, ValueTooLong};
use crate::event::{Arrival, Event, Peer, PeerAddress, Received, Source, Transmit};
use crate::identity::Identity;
use crate::interfaces::{Interface, Interfaces};
use crate::nonces::Nonces;
use crate::notices::{Notice, Notices};
use crate::outbox::Outbox;
use crate::path::Path;
use crate::probe::{MAX_PROBES, PROBE_PERIOD};
use crate::rate_limit::RateLimit;
use crate::registry::Registry;
use crate::replies::ReplyQueue;
use crate::seeds::Seeds;
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::static_entries::Registration;
use crate::timers::{Timer, Timers};
use crate::watchdog::ReceiveWatchdog;
use crate::wire::{self, Kind, name};

/// Maximum length in bytes of a registered value: about as much as a peer can announce.
pub const MAX_VALUE: usize = 1024;

/// Times from one goodbye to the next. A lost goodbye is not asked for again, and what loses one may lose the next if that
/// follows at once.
const GOODBYE_GAPS: [Duration; 2] = [Duration::from_millis(5), Duration::from_millis(10)];

/// Minimum time between two echoes to one address.
const ECHO_GAP: Duration = Duration::from_millis(50);

/// Maximum number of addresses that get echoes within `ECHO_GAP`.
const MAX_ECHOES: usize = 1024;

/// Minimum time between two legacy beacons for new legacy nodes.
const LEGACY_GAP: Duration = Duration::from_secs(1);

/// A node that is run this much later than it asked for was suspended, with its machine or by itself.
const SUSPEND_THRESHOLD: Duration = Duration::from_secs(2);

/// The state machine of one instance.
///
/// After each verb the event loop takes what [`poll_transmit`](Self::poll_transmit) and [`poll_event`](Self::poll_event)
/// return, and asks [`poll_timeout`](Self::poll_timeout) for the next deadline. `now` never goes back.
pub struct Node {
    settings: Settings,
    timers: Timers,
    rng: Rng,
    registry: Registry,
    outbox: Outbox,
    announce_timer: AnnounceTimer,
    replies: ReplyQueue,
    repeats: Repeats,
    probe_limit: RateLimit,
    echo_limit: RateLimit<(SocketAddr, u32)>,
    legacy_limit: RateLimit,
    nonces: Nonces,
    interfaces: Interfaces,
    own_ports: Vec<u16>,
    identity: Identity,
    seeds: Seeds,
    /// `None` in a mode without a cluster.
    membership: Option<Box<Membership>>,
    watchdog: ReceiveWatchdog,
    notices: Notices,
    counters: Counters,
    /// The time of this verb, or of the last one.
    now: Instant,
    /// What is left to send at each of `GOODBYE_GAPS`; `None` before `stop`.
    goodbyes: Option<VecDeque<Vec<Transmit>>>,
}

impl Node {
    /// Returns a node whose first announce and query are ready to be sent.
    pub fn new(mut settings: Settings, now: Instant) -> Self {
        // The keys are kept in the keyring alone.
        let keyring = Keyring::new(&std::mem::take(&mut settings.keys), &settings.secret_seed);
        let mut timers = Timers::default();
        let silence_limit = (settings.mode.has_multicast() && !settings.observer).then_some(settings.expiry);
        Node {
            rng: Rng::with_seed(settings.seed),
            registry: Registry::new(&settings),
            outbox: Outbox::new(keyring, &settings),
            announce_timer: AnnounceTimer::new(settings.interval, &mut timers, now),
            replies: ReplyQueue::default(),
            repeats: Repeats::default(),
            probe_limit: RateLimit::new(MAX_PROBES, PROBE_PERIOD),
            echo_limit: RateLimit::by_key(1, ECHO_GAP, MAX_ECHOES),
            legacy_limit: RateLimit::new(1, LEGACY_GAP),
            nonces: Nonces::new(now),
            interfaces: Interfaces::default(),
            own_ports: Vec::new(),
            identity: Identity::new(),
            seeds: Seeds::default(),
            membership: Membership::new(&settings, &mut timers, now),
            watchdog: ReceiveWatchdog::new(silence_limit, &mut timers, now),
            notices: Notices::default(),
            counters: Counters::default(),
            now,
            goodbyes: None,
            timers,
            settings,
        }
    }

    /// Handles a datagram.
    ///
    /// After a wait the event loop hands over all datagrams that it has before it calls
    /// [`handle_timeout`](Self::handle_timeout). A node that was suspended takes them for what they are: received before that.
    /// They list peers, and renew none.
    pub fn handle_datagram(&mut self, bytes: &[u8], received: Received, now: Instant) {
        if self.goodbyes.is_some() {
            return;
        }
        if !self.was_suspended(now) {
            self.now = now;
        }
        let Received { from, interface, arrival, .. } = received;
        self.counters.received += 1;
        if self.is_from_nowhere(&received) {
            self.counters.off_link += 1;
            return;
        }
        self.watchdog.on_datagram(from.is_ipv6(), arrival, &mut self.timers, self.now);
        let path = Path::new(from, interface);
        match self.open(bytes, arrival, &mut [0; wire::MAX_DATAGRAM]) {
            Some(plain) => self.handle_plain(plain, Inbound { path, arrival, len: plain.len() }),
            None => self.on_wrong_key(from),
        }
    }

    /// Handles an ICMP port or host unreachable report about a datagram that was sent to `to`, through the interface with
    /// this index (0 if unknown). The event loop reports errors for destinations alone to which this socket has sent.
    pub fn handle_unreachable(&mut self, to: SocketAddr, interface: u32, now: Instant) {
        self.now = now;
        // Comparing all members is too much for each report; most change nothing.
        if self.registry.peers_mut().handle_unreachable(to, interface, now) {
            self.reconcile_members();
        }
    }

    /// Replaces the interfaces that the node uses, with their addresses, and the ports of its unicast sockets. After a change
    /// the node announces and queries anew, and this returns true.
    pub fn set_interfaces(&mut self, interfaces: &[Interface], own_ports: &[u16], now: Instant) -> bool {
        self.own_ports = own_ports.to_vec();
        let was_known = !self.interfaces.is_empty();
        let has_changed = self.interfaces.set(interfaces);
        if has_changed {
            self.nonces.set_own(self.interfaces.own());
        }
        if has_changed && was_known {
            self.handle_network_change(now);
        }
        has_changed && was_known
    }

    /// Announces and queries anew. The event loop calls this when it has reopened its sockets, or when the network has
    /// changed.
    pub fn handle_network_change(&mut self, now: Instant) {
        self.detect_suspend(now);
        self.on_own_change();
        self.announce_timer.begin_burst(&mut self.timers, now);
        self.send_due();
        self.seeds.restart(&mut self.timers, now);
        self.query_seeds();
    }

    /// Lists an entry until `ttl` has passed, or the node's expiry if `ttl` is `None`. Nothing is sent.
    ///
    /// # Errors
    /// [`RegisterError`]; the registry is unchanged then.
    pub fn register(
        &mut self,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
        now: Instant,
    ) -> Result<(), RegisterError> {
        self.register_at(&Registration::new(key, value), ttl, now)
    }

    /// As [`register`](Self::register), for an entry that may have an address and a port.
    ///
    /// # Errors
    /// [`RegisterError`]; the registry is unchanged then.
    pub fn register_at(
        &mut self,
        entry: &Registration<'_>,
        ttl: Option<Duration>,
        now: Instant,
    ) -> Result<(), RegisterError> {
        name::check(entry.key).map_err(RegisterError::Name)?;
        if entry.key == self.settings.name {
            return Err(RegisterError::OwnName);
        }
        ValueTooLong::check(entry.value, MAX_VALUE).map_err(RegisterError::ValueTooLong)?;
        self.now = now;
        self.registry.register(entry, ttl, now)
    }

    /// Removes an entry that [`register`](Self::register) listed. Nothing is sent.
    ///
    /// # Errors
    /// [`NotRegistered`] if no entry of this key is registered.
    pub fn unregister(&mut self, key: &str, now: Instant) -> Result<(), NotRegistered> {
        self.now = now;
        self.registry.unregister(key, now)
    }

    /// Announces another value from now on: at once, or up to 100 ms later if the value changed just before.
    ///
    /// # Errors
    /// [`ValueTooLong`] if the value does not fit into a message beside the node's name and cluster.
    pub fn set_value(&mut self, value: &[u8], now: Instant) -> Result<(), ValueTooLong> {
        let Settings { mode, name, cluster, .. } = &self.settings;
        ValueTooLong::check(value, mode.max_value_len(name, cluster))?;
        if value != self.settings.value {
            self.settings.value = value.to_vec();
            self.detect_suspend(now);
            self.outbox.on_value_change(&self.settings);
            self.on_own_change();
            self.announce_timer.on_value_change(&mut self.timers, now);
            self.send_due();
        }
        Ok(())
    }

    /// Replaces the keys. The first key seals from now on; all of them open.
    ///
    /// # Errors
    /// [`SetKeysError`] if the node was made without keys, or if there are none or more than [`MAX_KEYS`].
    pub fn set_keys(&mut self, keys: &[Key]) -> Result<(), SetKeysError> {
        if !(1..=MAX_KEYS).contains(&keys.len()) {
            return Err(SetKeysError::Count(keys.len()));
        }
        if !self.has_keys() {
            return Err(SetKeysError::Unsealed);
        }
        self.outbox.set_keys(keys);
        Ok(())
    }

    /// Sends the first goodbye. The event loop goes on until [`is_stopped`](Self::is_stopped), for 15 ms at most. The node
    /// receives nothing from now on, and its goodbyes are its only deadlines, whatever verbs are called.
    pub fn stop(&mut self, now: Instant) {
        if self.goodbyes.is_some() {
            return;
        }
        self.now = now;
        let repeats = if self.is_member_of_cluster() {
            self.leave_cluster()
        } else if self.settings.observer {
            Vec::new()
        } else {
            vec![self.send_all(Kind::Goodbye, None, false); GOODBYE_GAPS.len()]
        };
        self.goodbyes = Some(repeats.into_iter().filter(|repeat| !repeat.is_empty()).collect());
        self.plan_goodbye();
    }

    /// Returns true if the node has sent all its goodbyes.
    pub fn is_stopped(&self) -> bool {
        self.goodbyes.is_some() && self.poll_timeout().is_none()
    }

    /// Does everything that is due by `now`. When very much is due, the next deadline has already passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.goodbyes.is_some() {
            return self.send_goodbye(now);
        }
        self.detect_suspend(now);
        self.send_due();
        self.run_swim();
        self.query_seeds();
        self.send_replies();
        self.registry.handle_timeout(now);
        self.send_probes();
        self.watchdog.handle_timeout(&mut self.timers, now);
    }

    /// Returns when to call [`handle_timeout`](Self::handle_timeout) next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.goodbyes.is_some() {
            return self.timers.get(Timer::Goodbye);
        }
        let queues = [self.registry.poll_timeout(), self.replies.poll_timeout(), self.membership_timeout()];
        queues.into_iter().chain([self.timers.next()]).flatten().min()
    }

    /// Returns true if the next deadline has long passed: the process was suspended. The event loop then calls
    /// [`handle_timeout`](Self::handle_timeout) before it reads the list.
    pub fn was_suspended(&self, now: Instant) -> bool {
        self.poll_timeout().is_some_and(|planned| planned.max(self.now) + SUSPEND_THRESHOLD <= now)
    }

    /// Returns the next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.outbox.poll_transmit()
    }

    /// Returns the next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.registry.poll_event()
    }

    /// Returns true, once, after a silence that suggests a fault of the sockets: the event loop opens new ones. A socket
    /// that was opened before its network came up may never receive.
    pub fn poll_reopen(&mut self) -> bool {
        self.watchdog.poll_reopen()
    }

    /// Returns true if datagrams are ready to be sent.
    pub fn has_transmits(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Returns the version of the list at `now`, which begins at 1. It rises with each event, and when an entry passes its
    /// deadline; a renewal does not change it. Two lists of one version differ in times and interfaces at most.
    pub fn version(&mut self, now: Instant) -> u64 {
        self.registry.version(now)
    }

    /// Returns the node's own record, as its peers list it, with all addresses of its interfaces.
    pub fn own_record(&self) -> Peer {
        let Settings { name, value, id, port, expiry, .. } = &self.settings;
        let addresses = self.own_addresses();
        let first = addresses.first();
        Peer {
            name: name.clone(),
            value: value.clone(),
            address: first.map(|first| first.address),
            interface: first.map_or(0, |first| first.interface),
            addresses_validated: addresses.len(),
            addresses,
            port: *port,
            id: Some(*id),
            source: Source::Own,
            age: Duration::ZERO,
            expires_in: *expiry,
        }
    }

    /// Returns the live peers, ordered by name and then by id.
    pub fn snapshot(&self, now: Instant) -> Snapshot<'_> {
        self.registry.snapshot(now)
    }

    /// Returns copies of the live peers, in the order of [`snapshot`](Self::snapshot).
    pub fn peers(&self, now: Instant) -> Vec<Peer> {
        let snapshot = self.snapshot(now);
        let mut peers = Vec::with_capacity(snapshot.max_len());
        peers.extend(snapshot.iter().map(|peer| peer.to_peer()));
        peers
    }

    /// Returns all addresses of the node's interfaces, those that are link-local last; see
    /// [`set_interfaces`](Self::set_interfaces).
    pub fn own_addresses(&self) -> Vec<PeerAddress> {
        let own = self.interfaces.own_by_interface().into_iter();
        own.map(|(interface, address)| PeerAddress { address, interface }).collect()
    }

    /// Returns the number of entries in the registry.
    pub fn peer_count(&self) -> usize {
        self.registry.len()
    }

    /// Returns what the node has counted.
    pub fn counters(&self) -> Counters {
        Counters { events_lost: self.registry.events().lost(), ..self.counters }
    }

    /// Returns when a datagram was last received, by any socket, the node's own included.
    pub fn last_received(&self) -> Option<Instant> {
        self.watchdog.last_received()
    }

    /// Returns true if nothing was received from the group for the expiry time.
    pub fn is_not_receiving(&self) -> bool {
        self.watchdog.is_not_receiving()
    }

    /// Returns something that an administrator should know, once.
    pub fn poll_notice(&mut self) -> Option<Notice> {
        self.notices.poll()
    }

    /// Returns what an administrator should know of the last two minutes.
    pub fn notices(&self, now: Instant) -> impl Iterator<Item = &Notice> {
        self.notices.recent(now)
    }

    /// Returns true if the list has no room for another peer.
    pub fn is_full(&self) -> bool {
        self.registry.is_full()
    }

    /// Returns true if another node runs with this node's id: the event loop calls [`renew_id`](Self::renew_id).
    pub fn is_renewal_wanted(&self) -> bool {
        self.identity.is_renewal_wanted()
    }

    /// Takes a new id and a new generator, drawn from `entropy`: 32 bytes of the system's randomness, fresh. The addresses, the
    /// time since the start and the old id are mixed in, because a clone may have the system's generator as well.
    pub fn renew_id(&mut self, entropy: &Key, now: Instant) {
        let addresses: Vec<String> = self.interfaces.own().map(|address| address.to_string()).collect();
        let time = now.saturating_duration_since(self.nonces.start()).as_nanos().to_be_bytes();
        let old_id = self.settings.id;
        let seed = entropy.derive(&[addresses.concat().as_bytes(), &time, &old_id]);
        self.settings.id = seed.derive(&[b"id"]).first_bytes();
        self.rng = Rng::with_seed(u64::from_be_bytes(seed.derive(&[b"rng"]).first_bytes()));
        self.outbox.reseed(&seed.derive(&[b"keyring"]));
        self.identity.on_renewed();
        self.handle_network_change(now);
    }

    /// Gives all peers time to reply to a query after a suspend, before they expire.
    fn detect_suspend(&mut self, now: Instant) {
        let was_suspended = self.was_suspended(now);
        self.now = now;
        if was_suspended {
            // SWIM, not probes, tells which members are alive.
            self.registry.on_resume(!self.is_member_of_cluster(), now);
            self.resume_swim();
            self.watchdog.reset(&mut self.timers, now);
            self.announce_timer.begin_burst(&mut self.timers, now);
        }
    }

    fn send_goodbye(&mut self, now: Instant) {
        self.now = now;
        if self.timers.take_expired(Timer::Goodbye, now)
            && let Some(repeat) = self.goodbyes.as_mut().and_then(VecDeque::pop_front)
        {
            self.outbox.repeat(repeat);
            self.plan_goodbye();
        }
    }

    fn plan_goodbye(&mut self) {
        let left = self.goodbyes.as_ref().map_or(0, VecDeque::len);
        let gap = GOODBYE_GAPS.get(GOODBYE_GAPS.len() - left);
        self.timers.set(Timer::Goodbye, gap.map(|gap| self.now + *gap));
    }

    /// Returns true for a datagram that no node of the link has sent: by unicast with a TTL or hop limit that a router has
    /// lowered (RFC 5082), or from an address that no host can have.
    fn is_from_nowhere(&self, received: &Received) -> bool {
        let is_routed = received.hops.is_some_and(|hops| hops < u8::MAX);
        self.outbox.is_only_on_link() && received.arrival == Arrival::Unicast && is_routed
            || self.interfaces.is_impossible_source(received.from.ip(), received.interface)
    }

    /// Opens a datagram. A node whose seed this node is does not know its id, and seals for any node.
    fn open<'a>(
        &self,
        bytes: &'a [u8],
        arrival: Arrival,
        buffer: &'a mut [u8; wire::MAX_DATAGRAM],
    ) -> Option<&'a [u8]> {
        let own = Some(&self.settings.id);
        let addressees: &[_] = match arrival {
            Arrival::Group => &[None],
            Arrival::Unicast if self.settings.mode.allows_off_link() => &[own, None],
            Arrival::Unicast => &[own],
        };
        self.outbox.keyring().open(bytes, addressees, buffer)
    }

    fn has_keys(&self) -> bool {
        !self.outbox.keyring().is_empty()
    }

    fn sends_legacy(&self) -> bool {
        self.handles_legacy() && !self.settings.observer
    }

    fn handles_legacy(&self) -> bool {
        let is_received = self.settings.mode.has_multicast() && self.settings.cluster.is_empty();
        self.settings.legacy && is_received && !self.has_keys()
    }
}
