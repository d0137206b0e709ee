//! A C program that makes calls in any order, and knows what each has to give.

use std::ffi::{CStr, c_char, c_void};
use std::mem::{offset_of, size_of};
use std::ptr;

use peers_proto::wire::{UPDATE_OVERHEAD, max_value_len};

use crate::c::{self, Config, Event, Handle, List};
use crate::calls::{Bytes, Call, Keys, Network, Options, Output, Seeds, Size, Text, Which};

const MAX_CALLS: usize = 60;
const MAX_NODES: usize = 4;

/// Where an output begins, to see whether it was written.
const UNTOUCHED: usize = 0x5555_5555_5555_5555;

/// What `peers_health_t` has before its counters, and the most that a caller may claim of it.
const LEAST_HEALTH: usize = 16;
const MOST_HEALTH: usize = 4096;

/// A value of so many bytes fits beside the longest of names and clusters.
const ALWAYS_ROOM: usize = 540;

#[derive(Default)]
pub struct Program {
    nodes: Vec<Node>,
    lists: Vec<*mut List>,
    events: Vec<*mut Event>,
}

struct Node {
    handle: Handle,
    is_live: bool,
    is_manual: bool,
    max_peers: usize,
    has_keys: bool,
    /// That of the options, but for what seeds add.
    mode: u32,
}

impl Program {
    pub fn all(calls: &[Call]) {
        let mut program = Program::default();
        for call in calls.iter().take(MAX_CALLS) {
            program.call(call);
        }
        program.end();
    }

    fn call(&mut self, call: &Call) {
        match call {
            Call::Start(options, to) => self.start(options, *to),
            Call::Register { node, key, value, ttl_ms } => self.register(*node, key, value, *ttl_ms),
            Call::SetValue { node, value } => self.set_value(*node, value),
            Call::SetKeys { node, keys } => self.set_keys(*node, keys),
            Call::SetSeeds { node, seeds } => self.set_seeds(*node, seeds),
            Call::Advance { node, ms } => self.advance(*node, *ms),
            Call::Free { node } => self.free(*node),
            Call::List { node, to, keep } => self.list(*node, *to, *keep),
            Call::NextEvent { node, to, wait, keep } => self.next_event(*node, *to, *wait, *keep),
            Call::EventFd { node, to } => self.event_fd(*node, *to),
            Call::Health { node, size, to } => self.health(*node, usize::from(*size), *to),
            Call::Strerror(status) => drop(text(unsafe { c::peers_strerror(*status) })),
            Call::FreeKept => self.free_kept(),
        }
    }

    fn start(&mut self, options: &Options, to: Output) {
        if self.nodes.iter().filter(|node| node.is_live).count() >= MAX_NODES {
            return;
        }
        let name = options.name.bytes();
        let cluster = options.cluster.bytes();
        let interfaces = options.interfaces.bytes();
        let group_v4 = options.group_v4.bytes();
        let group_v6 = options.group_v6.bytes();
        let (value, value_len) = options.value.of();
        let (keys, keys_count) = options.keys.of();
        let network: Box<[u8]> = match &options.network {
            Network::One => b"memory:fuzz\0".to_vec(),
            Network::Other => b"memory:other\0".to_vec(),
            Network::Any(bytes) => bytes.iter().copied().filter(|byte| *byte != 0).chain([0]).collect(),
        }
        .into();
        let size = size_of_struct(&options.size);
        let known = size.min(size_of::<Config>());
        let is_manual = !options.has_thread && known >= offset_of!(Config, flags) + 4;
        let seeds = if is_manual || !options.seeds.have_names() { options.seeds.bytes() } else { None };
        let config = Config {
            struct_size: size,
            name: chars(&name),
            cluster: chars(&cluster),
            value: pointer(&value).cast(),
            value_len,
            interfaces: chars(&interfaces),
            network: network.as_ptr().cast(),
            group_v4: chars(&group_v4),
            group_v6: chars(&group_v6),
            keys: pointer(&keys).cast(),
            keys_count,
            seeds: chars(&seeds),
            log: options.has_log.then_some(log_line),
            log_level: u32::from(options.log_level % 6),
            interval_ms: options.interval_ms.into(),
            expiry_ms: options.expiry_ms,
            max_peers: options.max_peers,
            flags: u32::from(options.flags & !1) | if options.has_thread { 0 } else { c::MANUAL_CLOCK },
            hops: options.hops.into(),
            port: options.port,
            service_port: options.service_port,
            mode: u32::from(options.mode % 9),
            unicast_port: options.unicast_port,
            ..c::NO_CONFIG
        };
        let given = as_given(&config, &options.size);
        let (status, handle) = output(to, |node| unsafe { c::peers_start(given.as_ptr().cast(), node) });
        self.expect(
            status,
            &[c::OK, c::NULL, c::SIZE, c::UTF8, c::INVALID, c::TOO_LARGE, c::UNSUPPORTED, c::SYSTEM],
        );
        if to == Output::Null {
            assert_eq!(status, c::NULL);
        }
        if let Some(handle) = handle {
            assert!(!handle.is_null());
            assert!(!self.nodes.iter().any(|node| node.handle == handle), "a handle is used again");
            let max_peers = if known > offset_of!(Config, max_peers) { options.max_peers } else { 0 };
            let has_keys = known > offset_of!(Config, keys_count) && options.keys.are_good();
            let max_peers = if max_peers == 0 { 65_536 } else { max_peers as usize };
            let mode = if known > offset_of!(Config, mode) { config.mode } else { 0 };
            let has_seeds = known > offset_of!(Config, seeds)
                && seeds.is_some()
                && options.seeds.list().is_ok_and(|seeds| !seeds.is_empty());
            let mode = if has_seeds && mode <= c::MODE_MULTICAST { c::MODE_SEEDS } else { mode };
            self.nodes.push(Node { handle, is_live: true, is_manual, max_peers, has_keys, mode });
        }
    }

    fn register(&mut self, node: Which, key: &Text, value: &Bytes, ttl_ms: u32) {
        let (key, (value, len)) = (key.bytes(), value.of());
        let handle = self.handle(node);
        let status = unsafe { c::peers_register(handle, chars(&key), pointer(&value), len, ttl_ms) };
        let others: &[i32] = match () {
            () if handle.is_null() => &[c::NULL],
            () if !self.is_live(handle) => &[c::HANDLE],
            () if key.is_none() => &[c::NULL],
            () => &[c::OK, c::NULL, c::UTF8, c::INVALID, c::TOO_LARGE, c::FULL],
        };
        self.expect(status, others);
    }

    fn set_value(&mut self, node: Which, value: &Bytes) {
        let (value, len) = value.of();
        let handle = self.handle(node);
        let status = unsafe { c::peers_set_value(handle, pointer(&value), len) };
        self.expect_of_handle(status, handle, &[c::OK, c::NULL, c::TOO_LARGE]);
        assert!(status != c::OK || len <= max_value_len("n", ""), "there is no room for {len} bytes");
        let is_member = self.live(handle).is_some_and(|node| node.mode == c::MODE_SWIM);
        let always_room = if is_member { ALWAYS_ROOM - UPDATE_OVERHEAD } else { ALWAYS_ROOM };
        assert!(status != c::TOO_LARGE || len > always_room, "there is always room for {len} bytes");
    }

    fn set_keys(&mut self, node: Which, keys: &Keys) {
        let (bytes, count) = keys.of();
        let handle = self.handle(node);
        let status = unsafe { c::peers_set_keys(handle, pointer(&bytes), count) };
        let has_keys = self.live(handle).is_some_and(|node| node.has_keys);
        match (keys.are_good() && has_keys, bytes) {
            (true, _) => self.expect_of_handle(status, handle, &[c::OK]),
            (false, None) if count > 0 => self.expect_of_handle(status, handle, &[c::NULL]),
            (false, _) => self.expect_of_handle(status, handle, &[c::INVALID]),
        }
    }

    fn set_seeds(&mut self, node: Which, seeds: &Seeds) {
        let handle = self.handle(node);
        let (takes_seeds, is_manual) =
            self.live(handle).map_or((false, false), |node| (node.mode > c::MODE_MULTICAST, node.is_manual));
        if !is_manual && seeds.have_names() {
            return;
        }
        let bytes = seeds.bytes();
        let status = unsafe { c::peers_set_seeds(handle, chars(&bytes)) };
        let expected = match seeds.list() {
            Err(wrong) => wrong,
            Ok(_) if takes_seeds && !seeds.have_names() => c::OK,
            Ok(_) => c::INVALID,
        };
        self.expect_of_handle(status, handle, &[expected]);
    }

    fn advance(&mut self, node: Which, ms: u16) {
        let handle = self.handle(node);
        // What falls due in a second takes a while with the shortest of intervals.
        let status = unsafe { c::peers_advance(handle, u32::from(ms % 1000)) };
        let is_manual = self.live(handle).is_some_and(|node| node.is_manual);
        self.expect_of_handle(status, handle, if is_manual { &[c::OK] } else { &[c::INVALID] });
    }

    fn free(&mut self, node: Which) {
        let handle = self.handle(node);
        let status = unsafe { c::peers_free(handle) };
        match handle.is_null() {
            true => self.expect(status, &[c::OK]),
            false => self.expect_of_handle(status, handle, &[c::OK]),
        }
        if let Some(node) = self.nodes.iter_mut().find(|node| node.handle == handle) {
            node.is_live = false;
        }
    }

    fn list(&mut self, node: Which, to: Output, keep: bool) {
        let handle = self.handle(node);
        let (status, list) = output(to, |list| unsafe { c::peers_list(handle, list) });
        self.expect_of_call(status, handle, to, &[c::OK]);
        let Some(list) = list else { return };
        let max_peers = self.live(handle).map_or(0, |node| node.max_peers);
        let len = unsafe { (*list).len };
        assert!(len <= max_peers, "{len} are listed");
        for index in 0..len {
            check_peer(unsafe { c::peers_list_at(list, index) });
        }
        assert!(unsafe { c::peers_list_at(list, len) }.is_null());
        assert!(unsafe { c::peers_list_at(list, usize::MAX) }.is_null());
        self.lists.push(list);
        if !keep {
            self.free_kept();
        }
    }

    fn next_event(&mut self, node: Which, to: Output, wait: bool, keep: bool) {
        let handle = self.handle(node);
        let (status, event) =
            output(to, |event| unsafe { c::peers_next_event(handle, i32::from(wait), event) });
        self.expect_of_call(status, handle, to, &[c::OK, c::TIMEOUT]);
        let Some(event) = event else { return };
        let Event { kind, reason, peer } = unsafe { event.read() };
        assert!((c::JOINED..=c::RESYNC).contains(&kind));
        assert_eq!(reason != 0, kind == c::LEFT);
        assert_eq!(peer.is_null(), kind == c::RESYNC);
        if !peer.is_null() {
            check_peer(peer);
        }
        self.events.push(event);
        if !keep {
            self.free_kept();
        }
    }

    fn event_fd(&mut self, node: Which, to: Output) {
        let handle = self.handle(node);
        let mut fd = -5;
        let place = if to == Output::There { &raw mut fd } else { ptr::null_mut() };
        let status = unsafe { c::peers_event_fd(handle, place) };
        self.expect_of_call(status, handle, to, &[c::OK]);
        assert_eq!(fd >= 0, status == c::OK);
        assert!(status == c::OK || fd == -5);
    }

    fn health(&mut self, node: Which, size: usize, to: Output) {
        let handle = self.handle(node);
        let size = size % (MOST_HEALTH + 100);
        // As long as is claimed and no longer, but for the field of the size itself.
        let mut health = vec![0x55_u8; size.max(size_of::<usize>())];
        health[..size_of::<usize>()].copy_from_slice(&size.to_ne_bytes());
        let before = health.clone();
        let place = if to == Output::There { health.as_mut_ptr().cast() } else { ptr::null_mut::<c_void>() };
        let status = unsafe { c::peers_health(handle, place) };
        let of_live = match (LEAST_HEALTH..=MOST_HEALTH).contains(&size) {
            false => c::SIZE,
            true => c::OK,
        };
        self.expect_of_call(status, handle, to, &[of_live]);
        if status == c::OK {
            assert_eq!(health[..size_of::<usize>()], size.to_ne_bytes());
            let state = health[size_of::<usize>()..][..4].try_into().map(u32::from_ne_bytes);
            assert!(state.is_ok_and(|state| state < 2), "the node has failed");
        } else {
            assert_eq!(health, before, "it was written though the call failed");
        }
    }

    fn free_kept(&mut self) {
        for list in self.lists.drain(..) {
            unsafe { c::peers_list_free(list) };
        }
        for event in self.events.drain(..) {
            unsafe { c::peers_event_free(event) };
        }
    }

    fn end(&mut self) {
        for node in self.nodes.iter().filter(|node| node.is_live) {
            assert_eq!(unsafe { c::peers_free(node.handle) }, c::OK);
        }
        // They outlive their nodes.
        for list in &self.lists {
            for index in 0..unsafe { (**list).len } {
                check_peer(unsafe { c::peers_list_at(*list, index) });
            }
        }
        self.free_kept();
    }

    fn handle(&self, which: Which) -> Handle {
        let started = |number: u8| self.nodes.get(usize::from(number) % self.nodes.len().max(1));
        let bits = match which {
            Which::Started(number) => started(number).map_or(0, |node| node.handle.addr()),
            Which::Null => 0,
            Which::Forged(bits) => bits,
            Which::Altered(number, bit) => {
                started(number).map_or(0, |node| node.handle.addr()) ^ (1 << (bit % 64))
            }
        };
        ptr::without_provenance_mut(bits)
    }

    fn live(&self, handle: Handle) -> Option<&Node> {
        self.nodes.iter().find(|node| node.is_live && node.handle == handle)
    }

    fn is_live(&self, handle: Handle) -> bool {
        self.live(handle).is_some()
    }

    /// Of a call on a handle, with an output that has to be there.
    fn expect_of_call(&self, status: i32, handle: Handle, to: Output, of_live: &[i32]) {
        match to {
            Output::Null => self.expect_of_handle(status, handle, &[c::NULL]),
            Output::There => self.expect_of_handle(status, handle, of_live),
        }
    }

    fn expect_of_handle(&self, status: i32, handle: Handle, of_live: &[i32]) {
        match () {
            () if handle.is_null() => self.expect(status, &[c::NULL]),
            () if !self.is_live(handle) => self.expect(status, &[c::HANDLE]),
            () => self.expect(status, of_live),
        }
    }

    fn expect(&self, status: i32, expected: &[i32]) {
        let detail = text(unsafe { c::peers_last_error() });
        assert!(expected.contains(&status), "{status} is none of {expected:?}: {detail}");
        assert!((c::DEADLOCK..=c::OK).contains(&status));
        if status != c::OK {
            assert!(!detail.is_empty());
        }
    }
}

/// Makes a call with an output, which is untouched if it fails; `None` then.
fn output<T>(to: Output, call: impl FnOnce(*mut *mut T) -> i32) -> (i32, Option<*mut T>) {
    let untouched: *mut T = ptr::without_provenance_mut(UNTOUCHED);
    let mut written = untouched;
    let status = call(if to == Output::There { &raw mut written } else { ptr::null_mut() });
    assert_eq!(status == c::OK, written != untouched, "status {status}");
    (status, (status == c::OK).then_some(written))
}

/// The size that a caller claims. Never one that leaves out the network, for then it is a real one.
fn size_of_struct(size: &Size) -> usize {
    let right = size_of::<Config>();
    let least = offset_of!(Config, group_v4);
    match size {
        Size::Right => right,
        Size::Shorter(by) => (right - usize::from(*by) % (right - least + 1)).max(least),
        Size::Longer(by, _) => right + usize::from(by % 600),
        // An end inside a field, or too large.
        Size::Any(any) => *any | 1,
    }
}

/// The struct in an allocation of just the size that is claimed, as far as there can be one.
fn as_given(config: &Config, size: &Size) -> Vec<u8> {
    // SAFETY: the struct has no padding.
    let known =
        unsafe { std::slice::from_raw_parts(ptr::from_ref(config).cast::<u8>(), size_of::<Config>()) };
    let claimed = config.struct_size;
    let there = if claimed > 4096 { size_of::<usize>() } else { claimed.max(size_of::<usize>()) };
    let mut given = known[..there.min(known.len())].to_vec();
    given.resize(there, if let Size::Longer(_, fill) = size { *fill } else { 0 });
    given.into_boxed_slice().into_vec()
}

/// Reads a line of a node's log, and calls what may be called there.
unsafe extern "C" fn log_line(level: i32, message: *const c_char, _context: *mut c_void) {
    assert!((1..=4).contains(&level));
    assert!(!text(message).chars().any(char::is_control));
    assert_eq!(unsafe { c::peers_free(ptr::without_provenance_mut(UNTOUCHED)) }, c::HANDLE);
}

/// Reads all there is of a record.
fn check_peer(peer: *const c::Peer) {
    let peer = unsafe { peer.as_ref() }.expect("there is a record");
    let name = text(peer.name);
    assert!((1..=255).contains(&name.len()) && !name.chars().any(char::is_control));
    let value = unsafe { std::slice::from_raw_parts(peer.value.cast::<u8>(), peer.value_len + 1) };
    assert_eq!(value.last(), Some(&0));
    let address = text(peer.address);
    assert!(address.is_empty() || address.starts_with("10."), "{address}");
    assert!((1..=5).contains(&peer.source));
}

fn text(pointer: *const c_char) -> String {
    assert!(!pointer.is_null());
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().expect("UTF-8").to_owned()
}

fn chars(text: &Option<Box<[u8]>>) -> *const c_char {
    pointer(text).cast()
}

fn pointer(bytes: &Option<Box<[u8]>>) -> *const u8 {
    bytes.as_ref().map_or(ptr::null(), |bytes| bytes.as_ptr())
}
