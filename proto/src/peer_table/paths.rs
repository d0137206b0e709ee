//! `Paths`: the addresses of one peer. One is the listed path, to which the node sends.
//!
//! A path is validated by the echo of a probe that was sent to it. A validated path wins over one that is not; of those that
//! are not, the one received from last.

use std::net::IpAddr;
use std::time::Instant;

use crate::event::PeerAddress;
use crate::interfaces::is_link_local;
use crate::path::Path;
use crate::wire::MAX_ADDRESSES;

/// Maximum number of further paths that messages came from. A peer that moves more often loses the oldest.
const MAX_RECEIVED: usize = 8;

pub(crate) struct Paths {
    listed: KnownPath,
    others: Vec<KnownPath>,
    /// The path of a message that contradicts what is known: to be probed, and not listed.
    suggested: Option<Path>,
    /// The addresses of the others, in the order of the list: those that were received from or validated, then mere claims.
    addresses: Vec<PeerAddress>,
    /// Number of addresses before the mere claims, the listed path included.
    validated_len: usize,
}

struct KnownPath {
    path: Path,
    /// When a message last came from there, or an echo proved it. `None` for a mere claim.
    received_at: Option<Instant>,
    is_validated: bool,
    is_claimed: bool,
    is_probed: bool,
}

impl KnownPath {
    fn new(path: Path) -> Self {
        KnownPath { path, received_at: None, is_validated: false, is_claimed: false, is_probed: false }
    }

    fn is_wanted(&self) -> bool {
        self.is_claimed || self.received_at.is_some()
    }

    fn is_wide(&self) -> bool {
        !is_link_local(self.path.ip())
    }
}

impl Paths {
    pub fn new(listed: Path, is_validated: bool, now: Instant) -> Self {
        let listed = KnownPath { received_at: Some(now), is_validated, ..KnownPath::new(listed) };
        Paths { listed, others: Vec::new(), suggested: None, addresses: Vec::new(), validated_len: 1 }
    }

    pub fn listed(&self) -> Path {
        self.listed.path
    }

    /// Returns true if the listed path is validated.
    pub fn is_validated(&self) -> bool {
        self.listed.is_validated
    }

    /// Returns the addresses beside the listed one, and how many addresses, the listed one included, are no mere claims.
    pub fn addresses(&self) -> (&[PeerAddress], usize) {
        (&self.addresses, self.validated_len)
    }

    /// Takes note of a message from a path. Returns true if it is the listed one. The interface does not make another path.
    pub fn on_received(&mut self, path: Path, now: Instant) -> bool {
        self.known(path).received_at = Some(now);
        self.limit_received();
        path.address == self.listed.path.address
    }

    /// Takes note of the path of a message that contradicts what is known.
    pub fn on_suggested(&mut self, path: Path) {
        self.suggested = Some(path).filter(|path| path.address != self.listed.path.address);
    }

    /// Takes note of the echo of a probe to a path. Returns true if it is the listed one.
    pub fn on_echo(&mut self, path: Path, now: Instant) -> bool {
        let is_listed = self.on_received(path, now);
        self.known(path).is_validated = true;
        is_listed
    }

    /// Takes note that probes of the listed path had no answer. Returns the path that takes its place, if there is one.
    pub fn on_silence(&mut self) -> Option<Path> {
        self.listed.is_validated = false;
        let best = self.best_other()?;
        (best.is_validated || best.received_at > self.listed.received_at).then_some(best.path)
    }

    /// Returns the path that takes the place of one whose socket is gone: any that a message came from.
    pub fn on_gone(&mut self) -> Option<Path> {
        self.listed.is_validated = false;
        self.best_other().map(|best| best.path)
    }

    /// Lists another path. The one that was listed is kept among the others if it is validated.
    pub fn list(&mut self, path: Path, now: Instant) {
        let chosen = self.others.iter().position(|other| other.path.address == path.address);
        let chosen = chosen.map_or(KnownPath::new(path), |index| self.others.remove(index));
        let left = std::mem::replace(&mut self.listed, KnownPath { path, received_at: Some(now), ..chosen });
        if left.is_validated {
            self.others.push(left);
        }
    }

    /// Replaces the claims that came through an interface.
    pub fn set_claims(&mut self, claims: impl Iterator<Item = Path>, interface: u32) {
        for other in self.others.iter_mut().filter(|other| other.path.interface == interface) {
            other.is_claimed = false;
        }
        let listed = self.listed.path.ip();
        for claim in claims.take(MAX_ADDRESSES).filter(|claim| claim.ip() != listed) {
            match self.others.iter_mut().find(|other| other.path.ip() == claim.ip()) {
                Some(other) => other.is_claimed = true,
                None => self.known(claim).is_claimed = true,
            }
        }
        self.others.retain(KnownPath::is_wanted);
    }

    /// Forgets paths that no message has come from since `before`.
    pub fn forget_before(&mut self, before: Option<Instant>) {
        for other in &mut self.others {
            other.received_at = other.received_at.filter(|received_at| Some(*received_at) >= before);
            other.is_validated &= other.received_at.is_some();
        }
        self.others.retain(KnownPath::is_wanted);
    }

    /// Brings the listed addresses up to date. Returns true if a user sees a difference: an address that is new or gone.
    pub fn publish(&mut self) -> bool {
        let mut addresses = Vec::new();
        let mut validated_len = 1;
        for is_claim in [false, true] {
            for other in self.others.iter().filter(|other| other.received_at.is_none() == is_claim) {
                let address = other.path.listed();
                if !addresses.contains(&address) && !other.path.has_same_address(&self.listed.path) {
                    addresses.push(address);
                }
            }
            if !is_claim {
                validated_len += addresses.len();
            }
        }
        let is_same = addresses.len() == self.addresses.len()
            && addresses.iter().all(|address| self.addresses.contains(address));
        (self.addresses, self.validated_len) = (addresses, validated_len);
        !is_same
    }

    /// Returns true if a message came from this IP address, or an echo proved it.
    pub fn has_received_from(&self, ip: IpAddr) -> bool {
        self.listed.path.ip() == ip || self.received().any(|other| other.path.ip() == ip)
    }

    /// Returns the paths that were probed, the listed one first.
    pub fn probed(&self) -> impl Iterator<Item = Path> {
        let others = self.others.iter().filter(|other| other.is_probed).map(|other| other.path);
        std::iter::once(self.listed.path).chain(self.suggested).chain(others)
    }

    /// Returns all paths but the listed one, to be probed now.
    pub fn probe_others(&mut self) -> Vec<Path> {
        self.others.iter_mut().for_each(|other| other.is_probed = true);
        self.suggested.into_iter().chain(self.others.iter().map(|other| other.path)).collect()
    }

    /// Returns true if the listed address is link-local, and none that is not has been probed.
    pub fn wants_wide_address(&self) -> bool {
        let mut wide = self.others.iter().filter(|other| other.is_wide()).peekable();
        is_link_local(self.listed.path.ip()) && wide.peek().is_some() && !wide.any(|other| other.is_probed)
    }

    /// Returns a path to probe in place of a link-local one, of those for which `is_on_link` holds.
    pub fn probe_wide(&mut self, is_on_link: impl Fn(&Path) -> bool) -> Option<Path> {
        let other = self.others.iter_mut().find(|other| other.is_wide() && is_on_link(&other.path))?;
        other.is_probed = true;
        Some(other.path)
    }

    /// Returns the other paths that messages came from.
    fn received(&self) -> impl Iterator<Item = &KnownPath> {
        self.others.iter().filter(|other| other.received_at.is_some())
    }

    fn best_other(&self) -> Option<&KnownPath> {
        self.received().max_by_key(|other| (other.is_validated, other.received_at))
    }

    /// Returns a path, which is added if it is not known.
    fn known(&mut self, path: Path) -> &mut KnownPath {
        if path.address == self.listed.path.address {
            return &mut self.listed;
        }
        let index = self.others.iter().position(|other| other.path.address == path.address);
        let index = index.unwrap_or_else(|| {
            self.others.push(KnownPath::new(path));
            self.others.len() - 1
        });
        &mut self.others[index]
    }

    fn limit_received(&mut self) {
        if self.received().count() > MAX_RECEIVED
            && let Some(oldest) = self.received().filter_map(|other| other.received_at).min()
        {
            self.others.retain(|other| other.received_at != Some(oldest));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn path(last: u8) -> Path {
        Path { address: ([192, 0, 2, last], 50_000).into(), interface: 2 }
    }

    fn listed(paths: &Paths) -> Vec<IpAddr> {
        let (others, _) = paths.addresses();
        std::iter::once(paths.listed().ip()).chain(others.iter().map(|address| address.address)).collect()
    }

    fn ips(last: &[u8]) -> Vec<IpAddr> {
        last.iter().map(|last| [192, 0, 2, *last].into()).collect()
    }

    #[allow(clippy::disallowed_methods)] // a test has to begin at some time
    fn start() -> Instant {
        Instant::now()
    }

    #[test]
    fn a_validated_path_wins_and_of_others_the_last_received_from() {
        let now = start();
        let mut paths = Paths::new(path(1), false, now);
        paths.on_received(path(2), now + SECOND);
        paths.on_received(path(3), now + 2 * SECOND);
        assert_eq!(paths.on_silence(), Some(path(3)));
        paths.on_echo(path(2), now + SECOND);
        assert_eq!(paths.on_silence(), Some(path(2)));
        paths.list(path(2), now + 3 * SECOND);
        assert!(paths.is_validated());
        assert_eq!(paths.on_silence(), None, "path 3 was received from earlier");
        assert_eq!(paths.on_gone(), Some(path(3)));
    }

    #[test]
    fn a_path_that_is_left_stays_only_if_it_is_validated() {
        let now = start();
        for is_validated in [false, true] {
            let mut paths = Paths::new(path(1), is_validated, now);
            paths.on_received(path(2), now);
            paths.list(path(2), now);
            paths.publish();
            assert_eq!(listed(&paths), if is_validated { ips(&[2, 1]) } else { ips(&[2]) });
        }
    }

    #[test]
    fn addresses_are_listed_once_and_claims_last() {
        let now = start();
        let mut paths = Paths::new(path(1), false, now);
        paths.set_claims([path(1), path(4), path(3)].into_iter(), 2);
        assert!(paths.publish());
        assert_eq!((listed(&paths), paths.addresses().1), (ips(&[1, 4, 3]), 1));
        paths.on_received(path(3), now);
        assert!(!paths.publish(), "the same addresses");
        assert_eq!((listed(&paths), paths.addresses().1), (ips(&[1, 3, 4]), 2));
        let other_port = Path { address: ([192, 0, 2, 3], 999).into(), interface: 2 };
        paths.on_received(other_port, now);
        assert!(!paths.publish());
        paths.set_claims(std::iter::empty(), 3);
        assert!(!paths.publish(), "those of another interface");
        paths.set_claims(std::iter::empty(), 2);
        assert!(paths.publish());
        assert_eq!(listed(&paths), ips(&[1, 3]));
        paths.forget_before(Some(now + SECOND));
        assert!(paths.publish());
        assert_eq!((listed(&paths), paths.addresses().1), (ips(&[1]), 1));
    }

    #[test]
    fn a_peer_that_moves_often_leaves_no_more_than_the_last_paths() {
        let now = start();
        let mut paths = Paths::new(path(0), false, now);
        for last in 1..=100 {
            paths.on_received(path(last), now + SECOND * u32::from(last));
        }
        paths.publish();
        assert_eq!(listed(&paths).len(), 1 + MAX_RECEIVED);
        assert!(listed(&paths).contains(&path(100).ip()));
    }
}
