//! `peers_interfaces_t`: which interfaces of the host a node uses, and why not the others.

use std::ffi::{CString, c_char};
use std::mem::size_of;
use std::ptr;

use crate::ffi::constants::{
    PEERS_INTERFACE_DOWN, PEERS_INTERFACE_FAMILY_OFF, PEERS_INTERFACE_LOOPBACK, PEERS_INTERFACE_NO_ADDRESS,
    PEERS_INTERFACE_NO_CARRIER, PEERS_INTERFACE_NO_MULTICAST, PEERS_INTERFACE_NOT_NAMED,
    PEERS_INTERFACE_PORT, PEERS_INTERFACE_USED,
};
use crate::ffi::handle::{self, peers_t};
pub use crate::ffi::structs::{peers_interface_t, peers_interfaces_t};
use crate::ffi::{input, snapshot_buffer};
use crate::interface_status::{InterfaceStatus, Usage};
use crate::peers::Peers;
use peers_proto::Family;

/// The records, and the texts that they point to.
type Contents = (Vec<peers_interface_t>, Vec<CString>);

/// Returns the interfaces of the host, each by IPv4 and by IPv6, as the node saw them last.
///
/// A record says whether the node uses the interface, and if not, why. It has counters and the last error. Interfaces with a
/// default route come first. A node on a memory network, or without multicast, counts nothing there. On success `*interfaces`
/// is a list that the caller owns and frees with `peers_interfaces_free`. It stays valid after the node is freed.
///
/// Errors: PEERS_ERR_NULL, PEERS_ERR_HANDLE, PEERS_ERR_FORKED. Works on a failed node. Thread-safe; does not wait for the network.
///
/// # Safety
/// `interfaces` is NULL or points to a writable pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_interfaces(
    node: *mut peers_t,
    interfaces: *mut *mut peers_interfaces_t,
) -> i32 {
    crate::ffi::boundary("peers_interfaces", || {
        let node = handle::get::<Peers>(node)?;
        input::check_output(interfaces, "interfaces")?;
        // SAFETY: non-NULL, and the caller vouches that it can be written.
        unsafe { interfaces.write(pack(&node.interfaces())) };
        Ok(())
    })
}

/// Returns the record at `index` (from 0), or NULL if `index` is not below `interfaces->len` or `interfaces` is NULL.
///
/// The record and its texts belong to the list, and are valid until `peers_interfaces_free`. Thread-safe.
///
/// # Safety
/// `interfaces` is NULL or a list from `peers_interfaces` that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_interfaces_at(
    interfaces: *const peers_interfaces_t,
    index: usize,
) -> *const peers_interface_t {
    // SAFETY: the caller vouches for a live list, if it is one.
    let Some(interfaces) = (unsafe { interfaces.as_ref() }) else { return ptr::null() };
    if index >= interfaces.len {
        return ptr::null();
    }
    // SAFETY: `index` is below `len`, so the record is one of the list.
    unsafe { interfaces.records.byte_add(index * interfaces.stride) }
}

/// Frees a list of interfaces. NULL is a no-op. Free each list once, on any thread, before or after its node.
///
/// # Safety
/// `interfaces` is NULL or a list from `peers_interfaces` that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_interfaces_free(interfaces: *mut peers_interfaces_t) {
    // SAFETY: the caller vouches that a call of this library returned it and that it was not freed.
    unsafe { snapshot_buffer::release::<_, Contents>(interfaces) }
}

fn pack(interfaces: &[InterfaceStatus]) -> *mut peers_interfaces_t {
    let mut texts = Vec::new();
    let records: Vec<_> = interfaces.iter().map(|status| record(status, &mut texts)).collect();
    let (len, stride) = (records.len(), size_of::<peers_interface_t>());
    let header = peers_interfaces_t { len, stride, records: records.as_ptr() };
    snapshot_buffer::into_raw::<_, Contents>(header, (records, texts))
}

fn record(status: &InterfaceStatus, texts: &mut Vec<CString>) -> peers_interface_t {
    let mut text = |text: &str| -> *const c_char {
        // A name of an interface has no NUL, nor has a message of the system.
        texts.push(CString::new(text.replace('\0', " ")).unwrap_or_default());
        texts[texts.len() - 1].as_ptr()
    };
    peers_interface_t {
        name: text(&status.name),
        index: status.index,
        family: if status.family == Family::V4 { 4 } else { 6 },
        usage: usage_code(status.usage),
        why: text(&status.why),
        kind: text(&status.kind),
        address: text(&status.address.map_or(String::new(), |address| address.to_string())),
        sent: status.sent,
        looped_back: status.looped_back,
        received: status.received,
        last_error: text(&status.last_error),
    }
}

fn usage_code(usage: Usage) -> u32 {
    match usage {
        Usage::Used => PEERS_INTERFACE_USED,
        Usage::NotNamed => PEERS_INTERFACE_NOT_NAMED,
        Usage::FamilyOff => PEERS_INTERFACE_FAMILY_OFF,
        Usage::Down => PEERS_INTERFACE_DOWN,
        Usage::NoCarrier => PEERS_INTERFACE_NO_CARRIER,
        Usage::Port => PEERS_INTERFACE_PORT,
        Usage::NoMulticast => PEERS_INTERFACE_NO_MULTICAST,
        Usage::NoAddress => PEERS_INTERFACE_NO_ADDRESS,
        Usage::Loopback => PEERS_INTERFACE_LOOPBACK,
    }
}
