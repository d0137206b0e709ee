//! What a node can do without: the calls and options that a system may refuse, each with what is lost.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Mutex;

use crate::sync::lock;

/// A call or an option that a system may refuse.
pub(crate) struct Optional {
    /// Its name, as the manual pages have it.
    pub call: &'static str,
    /// What is lost without it.
    pub lost: &'static str,
}

/// Declares the table.
macro_rules! table {
    ($($name:ident: $call:literal => $lost:literal,)*) => {
        $(
            #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "Linux alone has some of the calls"))]
            pub(crate) static $name: Optional = Optional { call: $call, lost: $lost };
        )*
        /// Every line of the table.
        #[cfg(test)]
        const ALL: &[&Optional] = &[$(&$name),*];
    };
}

// Needed are, for each family: socket, bind, IPV6_V6ONLY, packet information, and a call to send and to receive.
table! {
    MULTICAST_ALL_V4: "IP_MULTICAST_ALL" => "the node also receives what other programs of this host joined",
    MULTICAST_ALL_V6: "IPV6_MULTICAST_ALL" => "the node also receives what other programs of this host joined",
    MULTICAST_LOOP_V4: "IP_MULTICAST_LOOP" => "nodes of this host may miss each other by IPv4",
    MULTICAST_LOOP_V6: "IPV6_MULTICAST_LOOP" => "nodes of this host may miss each other by IPv6",
    MULTICAST_HOPS_V4: "IP_MULTICAST_TTL" => "announcements cross one link, whatever the option hops says",
    MULTICAST_HOPS_V6: "IPV6_MULTICAST_HOPS" => "announcements cross one link, whatever the option hops says",
    HOPS_V4: "IP_TTL and IP_RECVTTL" => "unicast is checked by the networks of the interfaces alone",
    HOPS_V6: "IPV6_UNICAST_HOPS and IPV6_RECVHOPLIMIT" => "unicast is checked by the networks of the interfaces alone",
    ERRORS_V4: "IP_RECVERR" => "a peer that crashed is listed until it expires",
    ERRORS_V6: "IPV6_RECVERR" => "a peer that crashed is listed until it expires",
    SHARED_PORT: "SO_REUSEADDR" => "no other program of this host can have the port",
    BUFFERS: "SO_RCVBUF and SO_SNDBUF" => "fewer datagrams wait in the buffers of the system",
    GROUP_SENDER: "a socket for the group alone" => "replies to hosts that are off can delay announcements",
    MANY_AT_ONCE: "recvmmsg" => "each datagram takes a call",
    ERROR_QUEUE: "recvmsg(MSG_ERRQUEUE)" => "a peer that crashed is listed until it expires",
    MONITOR: "a socket for reports of changes" => "the node sees changes of the network at its announcements",
    LINKS: "the list of links" => "ports of bridges are told by /sys, or not at all",
    INTERFACES: "the list of interfaces" => "the node does not follow changes of the network",
    POLL: "poll" => "the node looks for datagrams every 50 ms",
    TIMER: "timerfd of CLOCK_BOOTTIME" => "after a suspend of the machine the node may run late",
    IDENTITY: "fstat" => "the node does not notice if the program closes its descriptors",
    WAKER: "sendto and recvfrom" => "calls of other threads take effect late",
}

/// What the system refuses a node at present.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<BTreeMap<&'static str, Refusal>>);

/// A refusal in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal(String);

impl Refusals {
    /// Notes how a call or an option went, and returns what it gave.
    pub fn settle<T, E: fmt::Display>(&self, optional: &'static Optional, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(given) => {
                lock(&self.0).remove(optional.call);
                Some(given)
            }
            Err(error) => {
                let words = format!("{}: {error}; {}", optional.call, optional.lost);
                lock(&self.0).insert(optional.call, Refusal(words));
                None
            }
        }
    }

    /// Returns each call or option that is refused, in words.
    pub fn list(&self) -> Vec<Refusal> {
        lock(&self.0).values().cloned().collect()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
        assert_eq!(refusals.settle(&POLL, Err::<(), _>(refused())), None);
        assert_eq!(refusals.settle(&TIMER, Err::<(), _>(refused())), None);
        let words: Vec<String> = refusals.list().iter().map(Refusal::to_string).collect();
        assert!(words[0].starts_with("poll: permission denied; the node looks"), "{words:?}");
        assert_eq!(refusals.settle(&POLL, Ok::<_, io::Error>(7)), Some(7));
        assert_eq!(refusals.list().len(), 1);
    }

    #[test]
    fn each_line_of_the_table_says_what_is_lost() {
        let mut calls: Vec<&str> = ALL.iter().map(|optional| optional.call).collect();
        assert!(ALL.iter().all(|optional| !optional.lost.is_empty()));
        calls.sort_unstable();
        calls.dedup();
        assert_eq!(calls.len(), ALL.len());
    }
}
