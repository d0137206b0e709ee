//! The C ABI as a C program sees it: `include/peers.h` in Rust.

use std::ffi::{c_char, c_void};
use std::ptr;

/// Receives log messages.
pub type Log = Option<unsafe extern "C" fn(level: i32, message: *const c_char, context: *mut c_void)>;

/// A handle; a token, which is never followed.
pub type Handle = *mut c_void;

// generated: begin rust/fuzz
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Config {
    pub struct_size: usize,
    pub name: *const c_char,
    pub cluster: *const c_char,
    pub value: *const c_void,
    pub value_len: usize,
    pub interfaces: *const c_char,
    pub network: *const c_char,
    pub group_v4: *const c_char,
    pub group_v6: *const c_char,
    pub keys: *const c_void,
    pub keys_count: usize,
    pub seeds: *const c_char,
    pub log: Log,
    pub log_context: *mut c_void,
    pub log_level: u32,
    pub interval_ms: u32,
    pub expiry_ms: u32,
    pub max_peers: u32,
    pub flags: u32,
    pub hops: u32,
    pub port: u32,
    pub service_port: u32,
    pub mode: u32,
    pub unicast_port: u32,
    pub entries_max_bytes: usize,
}
/// All zero: the defaults. The size is to be set.
pub const NO_CONFIG: Config = Config {
    struct_size: 0,
    name: ptr::null(),
    cluster: ptr::null(),
    value: ptr::null(),
    value_len: 0,
    interfaces: ptr::null(),
    network: ptr::null(),
    group_v4: ptr::null(),
    group_v6: ptr::null(),
    keys: ptr::null(),
    keys_count: 0,
    seeds: ptr::null(),
    log: None,
    log_context: ptr::null_mut(),
    log_level: 0,
    interval_ms: 0,
    expiry_ms: 0,
    max_peers: 0,
    flags: 0,
    hops: 0,
    port: 0,
    service_port: 0,
    mode: 0,
    unicast_port: 0,
    entries_max_bytes: 0,
};

#[repr(C)]
pub struct Peer {
    pub name: *const c_char,
    pub value: *const c_void,
    pub value_len: usize,
    pub address: *const c_char,
    pub age_ms: u64,
    pub expires_in_ms: u64,
    pub source: u32,
    pub interface_index: u32,
    pub port: u16,
    pub id: [u8; 16],
    pub addresses: *const *const c_char,
    pub addresses_len: usize,
    pub addresses_validated: usize,
}

#[repr(C)]
pub struct List {
    pub len: usize,
    pub stride: usize,
    pub records: *const Peer,
    pub version: u64,
}

#[repr(C)]
pub struct Entry {
    pub struct_size: usize,
    pub key: *const c_char,
    pub value: *const c_void,
    pub value_len: usize,
    pub address: *const c_char,
    pub ttl_ms: u32,
    pub port: u32,
}

#[repr(C)]
pub struct Interface {
    pub name: *const c_char,
    pub index: u32,
    pub family: u32,
    pub usage: u32,
    pub why: *const c_char,
    pub kind: *const c_char,
    pub address: *const c_char,
    pub sent: u64,
    pub looped_back: u64,
    pub received: u64,
    pub last_error: *const c_char,
}

#[repr(C)]
pub struct Interfaces {
    pub len: usize,
    pub stride: usize,
    pub records: *const c_void,
}

#[repr(C)]
pub struct Event {
    pub kind: u32,
    pub reason: u32,
    pub peer: *const Peer,
}
// generated: end

pub const OK: i32 = 0;
pub const NULL: i32 = -1;
pub const HANDLE: i32 = -2;
pub const SIZE: i32 = -3;
pub const UTF8: i32 = -4;
pub const INVALID: i32 = -5;
pub const TOO_LARGE: i32 = -6;
pub const UNSUPPORTED: i32 = -7;
pub const SYSTEM: i32 = -11;
pub const FULL: i32 = -12;
pub const TIMEOUT: i32 = -13;
/// The last of the statuses.
pub const DEADLOCK: i32 = -17;

pub const MANUAL_CLOCK: u32 = 1;
pub const MODE_MULTICAST: u32 = 1;
pub const MODE_SEEDS: u32 = 2;
pub const MODE_SWIM: u32 = 4;
pub const JOINED: u32 = 1;
pub const LEFT: u32 = 3;
pub const RESYNC: u32 = 4;

unsafe extern "C" {
    pub fn peers_start(config: *const c_void, node: *mut Handle) -> i32;
    pub fn peers_register(node: Handle, key: *const c_char, value: *const u8, len: usize, ttl_ms: u32)
    -> i32;
    pub fn peers_set_value(node: Handle, value: *const u8, len: usize) -> i32;
    pub fn peers_set_keys(node: Handle, keys: *const u8, count: usize) -> i32;
    pub fn peers_set_seeds(node: Handle, seeds: *const c_char) -> i32;
    pub fn peers_advance(node: Handle, ms: u32) -> i32;
    pub fn peers_free(node: Handle) -> i32;
    pub fn peers_list(node: Handle, list: *mut *mut List) -> i32;
    pub fn peers_list_at(list: *const List, index: usize) -> *const Peer;
    pub fn peers_list_free(list: *mut List);
    pub fn peers_next_event(node: Handle, timeout_ms: i32, event: *mut *mut Event) -> i32;
    pub fn peers_event_free(event: *mut Event);
    pub fn peers_event_fd(node: Handle, fd: *mut i32) -> i32;
    pub fn peers_health(node: Handle, health: *mut c_void) -> i32;
    pub fn peers_strerror(status: i32) -> *const c_char;
    pub fn peers_last_error() -> *const c_char;
}
