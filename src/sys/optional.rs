//! What a node can do without: the calls and options that a system may refuse, each with what is lost.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Mutex;

use crate::sync::lock;

/// A call or an option that a system may refuse.
#[derive(Clone, Copy)]
pub(crate) struct Optional {
    /// Its name, as the manual pages have it.
    pub call: &'static str,
    /// What is lost without it.
    pub lost: &'static str,
}

const fn optional(call: &'static str, lost: &'static str) -> Optional {
    Optional { call, lost }
}

// Needed are, for each family: socket, bind, IPV6_V6ONLY, packet information, and a call to send and to receive. The options that
// each family has are in `options`.
pub(crate) const SHARED_PORT: Optional =
    optional("SO_REUSEADDR", "no other program of this host can have the port");
pub(crate) const BUFFERS: Optional =
    optional("SO_RCVBUF and SO_SNDBUF", "fewer datagrams wait in the buffers of the system");
pub(crate) const GROUP_SENDER: Optional =
    optional("a socket for the group alone", "replies to hosts that are off can delay announcements");
#[cfg(linux_kernel)]
pub(crate) const MANY_AT_ONCE: Optional = optional("recvmmsg", "each datagram takes a call");
pub(crate) const ERROR_QUEUE: Optional =
    optional("recvmsg(MSG_ERRQUEUE)", "a peer that crashed is listed until it expires");
pub(crate) const MONITOR: Optional =
    optional("a socket for reports of changes", "the node sees changes of the network at its announcements");
pub(crate) const LINKS: Optional =
    optional("the list of links", "ports of bridges are told by /sys, or not at all");
pub(crate) const INTERFACES: Optional =
    optional("the list of interfaces", "the node does not follow changes of the network");
pub(crate) const POLL: Optional = optional("poll", "the node looks for datagrams every 50 ms");
pub(crate) const TIMER: Optional =
    optional("timerfd of CLOCK_BOOTTIME", "after a suspend of the machine the node may run late");
pub(crate) const IDENTITY: Optional =
    optional("fstat", "the node does not notice if the program closes its descriptors");
pub(crate) const WAKER: Optional = optional("sendto and recvfrom", "calls of other threads take effect late");

/// What the system refuses a node at present.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<BTreeMap<&'static str, String>>);

impl Refusals {
    /// Notes how a call or an option went, and returns what it gave.
    pub fn settle<T, E: fmt::Display>(&self, optional: Optional, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(given) => {
                lock(&self.0).remove(optional.call);
                Some(given)
            }
            Err(error) => {
                let words = format!("{}: {error}; {}", optional.call, optional.lost);
                lock(&self.0).insert(optional.call, words);
                None
            }
        }
    }

    /// Returns each call or option that is refused, in words.
    pub fn list(&self) -> Vec<String> {
        lock(&self.0).values().cloned().collect()
    }
}

/// An error that a system gives for a call at which it did no work: no ICMP error, and no lack of datagrams or room.
pub(crate) fn is_refusal(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionRefused, ConnectionReset, HostUnreachable, Interrupted, NetworkUnreachable, WouldBlock,
    };
    !matches!(
        error.kind(),
        ConnectionRefused | ConnectionReset | HostUnreachable | NetworkUnreachable | Interrupted | WouldBlock
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_lasts_until_the_call_works() {
        let refusals = Refusals::default();
        let refused = || io::Error::from(io::ErrorKind::PermissionDenied);
        assert_eq!(refusals.settle(POLL, Err::<(), _>(refused())), None);
        assert_eq!(refusals.settle(TIMER, Err::<(), _>(refused())), None);
        let words = refusals.list();
        assert!(words[0].starts_with("poll: permission denied; the node looks"), "{words:?}");
        assert_eq!(refusals.settle(POLL, Ok::<_, io::Error>(7)), Some(7));
        assert_eq!(refusals.list().len(), 1);
    }
}
