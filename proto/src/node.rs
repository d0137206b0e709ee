//! `Node`: the verbs of the protocol, each a list of steps that its parts do.

#[cfg(feature = "swim")]
mod cluster;
#[cfg(not(feature = "swim"))]
mod no_cluster;
#[cfg(not(feature = "swim"))]
use no_cluster as cluster;
mod receive;
mod unicast;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::Membership;
use fastrand::Rng;
use receive::Inbound;

use crate::announce::AnnounceTimer;
use crate::counters::Counters;
use crate::crypto::{Key, Keyring, MAX_KEYS};
use crate::error::{NotRegistered, RegisterError, SetKeysError, ValueTooLong};
use crate::event::{Arrival, Destination, Event, Peer, PeerView, Source, Transmit};
use crate::expiring_map::Full;
use crate::outbox::Outbox;
use crate::path::Path;
use crate::path::validation::PathValidation;
use crate::peer_table::Probe;
use crate::probe::ProbeBudget;
use crate::registry::Registry;
use crate::replies::{ReplyKind, ReplyQueue};
use crate::seeds::Seeds;
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::static_entries::Registration;
use crate::timers::{Timer, Timers};
use crate::watchdog::ReceiveWatchdog;
use crate::wire::{self, Announcement, Kind, name};

/// Maximum length in bytes of a registered value: about as much as a peer can announce.
pub const MAX_VALUE: usize = 1024;

/// Number of goodbyes. A lost goodbye is not asked for again.
const GOODBYES: usize = 3;

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
    probe_budget: ProbeBudget,
    validation: PathValidation,
    seeds: Seeds,
    /// `None` in a mode without a cluster.
    membership: Option<Box<Membership>>,
    watchdog: ReceiveWatchdog,
    counters: Counters,
}

impl Node {
    /// Returns a node whose first announce and query are ready to be sent.
    pub fn new(mut settings: Settings, now: Instant) -> Self {
        // The keys are kept in the keyring alone.
        let keyring = Keyring::new(&std::mem::take(&mut settings.keys), &settings.secret_seed);
        let mut timers = Timers::default();
        let silence_limit = settings.mode.has_multicast().then_some(settings.expiry);
        let mut node = Node {
            rng: Rng::with_seed(settings.seed),
            registry: Registry::new(&settings, now),
            outbox: Outbox::new(keyring, &settings),
            announce_timer: AnnounceTimer::new(settings.interval, &mut timers, now),
            replies: ReplyQueue::new(),
            probe_budget: ProbeBudget::new(),
            validation: PathValidation::new(now),
            seeds: Seeds::default(),
            membership: Membership::new(&settings, &mut timers, now),
            watchdog: ReceiveWatchdog::new(silence_limit, &mut timers, now),
            counters: Counters::default(),
            timers,
            settings,
        };
        node.send_due(now);
        node.update_timers();
        node
    }

    /// Takes in a datagram from the address `from`, received by the interface with this index (0 if unknown) and by the
    /// socket that `arrival` names.
    pub fn handle_datagram(
        &mut self,
        bytes: &[u8],
        from: SocketAddr,
        interface: u32,
        arrival: Arrival,
        now: Instant,
    ) {
        self.counters.received += 1;
        self.watchdog.on_datagram(from.is_ipv6(), arrival, &mut self.timers, now);
        let path = Path::new(from, interface);
        match self.open(bytes, arrival, &mut [0; wire::MAX_DATAGRAM]) {
            Some(plain) => self.handle_plain(plain, Inbound { path, arrival, len: plain.len() }, now),
            None => self.counters.wrong_key += 1,
        }
        self.update_timers();
    }

    /// Takes in an ICMP port or host unreachable report about a datagram that was sent to `to`.
    pub fn handle_unreachable(&mut self, to: SocketAddr, now: Instant) {
        // Comparing all members is too much for each report; most change nothing.
        if self.registry.on_unreachable(to, now) {
            self.reconcile_members(now);
        }
        self.update_timers();
    }

    /// Announces and queries anew. The event loop calls this when it has reopened its sockets, or when interfaces have
    /// changed.
    pub fn handle_network_change(&mut self, now: Instant) {
        self.detect_suspend(now);
        self.on_own_change();
        self.announce_timer.begin_burst(&mut self.timers, now);
        self.send_due(now);
        self.update_timers();
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
        let max_peers = self.settings.max_peers;
        let registered = self.registry.register(entry, ttl, now);
        self.update_timers();
        registered.map_err(|Full| RegisterError::Full { max_peers })
    }

    /// Removes an entry that [`register`](Self::register) listed. Nothing is sent.
    ///
    /// # Errors
    /// [`NotRegistered`] if no entry of this key is registered.
    pub fn unregister(&mut self, key: &str, now: Instant) -> Result<(), NotRegistered> {
        let unregistered = self.registry.unregister(key, now);
        self.update_timers();
        unregistered
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
            self.send_due(now);
            self.update_timers();
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

    /// Queues the goodbyes. The event loop sends what [`poll_transmit`](Self::poll_transmit) returns, and ends.
    pub fn stop(&mut self) {
        if self.is_member_of_cluster() {
            self.leave_cluster();
        } else {
            let goodbye = self.outbox.encode(Kind::Goodbye, &self.settings);
            for _ in 0..GOODBYES {
                self.send_all(Kind::Goodbye, goodbye.clone());
            }
        }
        self.update_timers();
    }

    /// Does everything that is due by `now`. When very much is due, the next deadline has already passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.detect_suspend(now);
        self.send_due(now);
        self.run_swim(now);
        self.bootstrap(now);
        self.send_replies(now);
        self.registry.handle_timeout(now);
        self.send_probes(now);
        self.watchdog.handle_timeout(&mut self.timers, now);
        self.update_timers();
    }

    /// Returns when to call [`handle_timeout`](Self::handle_timeout) next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        debug_assert!(
            self.queue_timeouts().iter().all(|(timer, deadline)| self.timers.get(*timer) == *deadline),
            "each verb ends with update_timers"
        );
        self.timers.next()
    }

    /// Returns true if the next deadline has long passed: the process was suspended. The event loop then calls
    /// [`handle_timeout`](Self::handle_timeout) before it reads the list.
    pub fn was_suspended(&self, now: Instant) -> bool {
        self.poll_timeout().is_some_and(|planned| planned + SUSPEND_THRESHOLD <= now)
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

    /// Returns the node's own record, as its peers list it. It has no address.
    pub fn own_record(&self) -> PeerView<'_> {
        let Settings { name, value, id, port, expiry, .. } = &self.settings;
        PeerView {
            name,
            value,
            address: None,
            interface: 0,
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

    /// Returns copies of the live peers, in that order.
    pub fn peers(&self, now: Instant) -> Vec<Peer> {
        let snapshot = self.snapshot(now);
        let mut peers = Vec::with_capacity(snapshot.max_len());
        peers.extend(snapshot.iter().map(|peer| peer.to_peer()));
        peers
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

    /// Gives all peers time to reply to a query after a suspend, before they expire.
    fn detect_suspend(&mut self, now: Instant) {
        if !self.was_suspended(now) {
            return;
        }
        // SWIM, not probes, tells which members are alive.
        self.registry.on_resume(!self.is_member_of_cluster(), now);
        self.watchdog.reset(&mut self.timers, now);
        self.announce_timer.begin_burst(&mut self.timers, now);
    }

    /// Sends to the group what is due.
    fn send_due(&mut self, now: Instant) {
        while let Some(due) = self.announce_timer.take_due(&mut self.timers, now, &mut self.rng) {
            if self.is_member_of_cluster() {
                self.send_due_to_cluster(now);
                continue;
            }
            let is_unanswered = due.queried_at.is_some_and(|at| !self.watchdog.has_unicast_since(at));
            let about = self.outbox.next_announcement(&self.settings);
            let about = Announcement { answer_to_group: is_unanswered, ..about };
            let plain = self.outbox.encode_announcement(due.kind, &about);
            // The announce goes first: a receiver of both then knows which peer sent the legacy beacon.
            self.send_all(due.kind, plain);
            if due.with_legacy && self.sends_legacy() {
                let beacon = wire::encode_legacy(&self.settings.name).into();
                self.outbox.send_multicast(beacon, Destination::GroupV4);
            }
        }
    }

    fn send_replies(&mut self, now: Instant) {
        if self.replies.take_due_multicast(&mut self.timers, now) {
            self.announce_timer.on_announced(&mut self.timers, now);
            let announce = self.outbox.encode(Kind::Announce, &self.settings);
            let payload = self.outbox.seal(announce);
            self.send_multicast(payload);
        }
        while let Some(reply) = self.replies.take_due(now) {
            let plain = match reply.kind {
                ReplyKind::Announce => self.outbox.encode(Kind::Announce, &self.settings),
                ReplyKind::Challenge(len) => {
                    let challenge = self.validation.challenge(&reply.to, self.outbox.keyring(), now);
                    wire::encode_challenge(&self.settings.cluster, self.settings.id, challenge, len)
                }
            };
            self.outbox.send_to(plain, reply.path, Some(&reply.to));
        }
    }

    /// Probes peers that are due, or queries the group if there are too many.
    fn send_probes(&mut self, now: Instant) {
        let probes = self.registry.take_due_probes(now);
        let bytes = probes.iter().map(|probe| probe.min_len.max(self.outbox.announce_len())).sum();
        if self.probe_budget.try_probe(probes.len(), bytes, now) {
            return probes.iter().for_each(|probe| self.send_probe(probe));
        }
        self.counters.rate_limited += probes.len() as u64;
        self.announce_timer.query_group(&mut self.timers, now);
        self.send_due(now);
    }

    fn send_probe(&mut self, probe: &Probe) {
        let about = self.outbox.next_announcement(&self.settings);
        let plain = wire::encode_padded(Kind::Query, &about, probe.min_len);
        self.outbox.send_to(plain, probe.path, Some(&probe.to));
    }

    /// Sends a message to the group, and to the peers that multicast does not reach.
    fn send_all(&mut self, kind: Kind, plain: Vec<u8>) {
        let payload = self.outbox.seal(plain);
        if self.settings.mode.has_multicast() {
            self.send_multicast(payload.clone());
        }
        if self.settings.mode.has_seeds() {
            self.send_unicast_copies(kind, &payload);
        }
    }

    fn send_multicast(&mut self, payload: Arc<[u8]>) {
        self.outbox.send_multicast(payload, Destination::Group);
        self.replies.on_multicast(&mut self.timers);
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
        let is_received = self.settings.mode.has_multicast() && self.settings.cluster.is_empty();
        self.settings.legacy && is_received && !self.has_keys()
    }

    /// Copies the first deadline of each queue to the table. Each verb ends with this.
    fn update_timers(&mut self) {
        for (timer, deadline) in self.queue_timeouts() {
            self.timers.set(timer, deadline);
        }
    }

    fn queue_timeouts(&self) -> [(Timer, Option<Instant>); 4] {
        let [peers, static_entries] = self.registry.timeouts();
        let replies = (Timer::UnicastReply, self.replies.poll_timeout());
        [peers, static_entries, replies, (Timer::Swim, self.membership_timeout())]
    }
}
