//! The table behind the handles: tokens that are looked up, never followed.
//!
//! A token holds three numbers: which process made it (the depth of forks), which slot of that process's table it
//! is for, and which use of the slot (the generation). A freed slot gets a new generation, so an old token no longer
//! fits.
//!
//! Each process has a table of its own, so that a forked child tells its parent's handles before it takes a lock.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::thread::panicking;

use crate::ffi::node::peers_t;
use crate::ffi::status::{Failure, PEERS_ERR_DEADLOCK, PEERS_ERR_FORKED, PEERS_ERR_HANDLE, PEERS_ERR_SYSTEM};
use crate::peers::Peers;
use crate::per_process::PerProcess;

static TABLES: PerProcess<Table> = PerProcess::new();

#[derive(Default)]
struct Table(Mutex<Slots>);

#[derive(Default)]
struct Slots {
    slots: Vec<Slot>,
    vacant: Vec<usize>,
}

struct Slot {
    generation: usize,
    node: Option<Arc<Peers>>,
}

/// Bits of a token, from the lowest: slot, then generation, then depth. On 64 bits that is a million nodes at once,
/// 2^36 uses of each slot and 256 forks deep; on 32 bits 4096, 2^16 and 16.
const SLOT_BITS: u32 = if usize::BITS >= 64 { 20 } else { 12 };
const DEPTH_BITS: u32 = if usize::BITS >= 64 { 8 } else { 4 };
const GENERATION_BITS: u32 = usize::BITS - SLOT_BITS - DEPTH_BITS;

#[derive(Clone, Copy)]
struct Token {
    depth: usize,
    generation: usize,
    slot: usize,
}

impl Token {
    fn from_pointer(pointer: *mut peers_t) -> Self {
        let bits = pointer.addr();
        Token {
            slot: bits & mask(SLOT_BITS),
            generation: (bits >> SLOT_BITS) & mask(GENERATION_BITS),
            depth: bits >> (SLOT_BITS + GENERATION_BITS),
        }
    }

    fn to_pointer(self) -> *mut peers_t {
        let generation = self.generation << SLOT_BITS;
        let depth = self.depth << (SLOT_BITS + GENERATION_BITS);
        std::ptr::without_provenance_mut(depth | generation | self.slot)
    }
}

const fn mask(bits: u32) -> usize {
    (1 << bits) - 1
}

/// A node for the length of a call. If the call panics, the node has failed: for nobody knows what state it is in.
pub(super) struct Lease(Arc<Peers>);

impl Deref for Lease {
    type Target = Peers;

    fn deref(&self) -> &Peers {
        &self.0
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if panicking() {
            self.0.fail("a call panicked");
        }
    }
}

/// The node behind a handle.
pub(super) fn get(handle: *mut peers_t) -> Result<Lease, Failure> {
    let token = Token::from_pointer(handle);
    let newest = TABLES.newest().filter(|table| token.depth <= table.depth).ok_or_else(unknown)?;
    if !newest.is_own() || token.depth < newest.depth {
        let detail = "the handle belongs to the parent of this forked process; start a node of your own";
        return Err(Failure::new(PEERS_ERR_FORKED, detail));
    }
    newest.value.lock(|slots| slots.get(token)).map(Lease).ok_or_else(unknown)
}

/// A handle for a node that was started.
pub(super) fn insert(node: Peers) -> Result<*mut peers_t, Failure> {
    let table = TABLES.get();
    if table.depth > mask(DEPTH_BITS) {
        let detail = format!("this process is {} forks deep, each with nodes of its own", table.depth);
        return Err(Failure::new(PEERS_ERR_SYSTEM, detail));
    }
    let token = table.value.lock(|slots| slots.insert(table.depth, Arc::new(node)));
    token.map(Token::to_pointer).ok_or_else(|| {
        let detail =
            format!("{} nodes run in this process, and a handle can name no more", 1usize << SLOT_BITS);
        Failure::new(PEERS_ERR_SYSTEM, detail)
    })
}

/// Makes a handle void and stops its node.
pub(super) fn free(handle: *mut peers_t) -> Result<(), Failure> {
    let token = Token::from_pointer(handle);
    let table = TABLES.all().find(|table| table.depth == token.depth).ok_or_else(unknown)?;
    if table.is_own() {
        let node = table.value.lock(|slots| slots.get(token)).ok_or_else(unknown)?;
        if node.is_logging_here() {
            let detail = "the node is freed in a call of its own log function, and would wait for itself; free it \
                          when the function has returned, or on another thread";
            return Err(Failure::new(PEERS_ERR_DEADLOCK, detail));
        }
        // Of two that come at once one frees it.
        table.value.lock(|slots| slots.remove(token)).ok_or_else(unknown)?;
        node.stop();
        return Ok(());
    }
    // A parent's table, whose lock may have been held by a thread that this process does not have. Then the node's
    // memory is unreachable for good, and there is nothing to be done about it.
    match table.value.0.try_lock() {
        Ok(mut slots) => slots.remove(token).map(drop).ok_or_else(unknown),
        Err(TryLockError::WouldBlock | TryLockError::Poisoned(_)) => Ok(()),
    }
}

fn unknown() -> Failure {
    Failure::new(PEERS_ERR_HANDLE, "the handle is no live node: it was freed, or never came from peers_start")
}

impl Table {
    fn lock<R>(&self, action: impl FnOnce(&mut Slots) -> R) -> R {
        // No action panics half-way through a change, so a poisoned table is as good as any.
        action(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Slots {
    fn get(&self, token: Token) -> Option<Arc<Peers>> {
        let slot = self.slots.get(token.slot).filter(|slot| slot.generation == token.generation)?;
        slot.node.clone()
    }

    fn insert(&mut self, depth: usize, node: Arc<Peers>) -> Option<Token> {
        let slot = match self.vacant.pop() {
            Some(slot) => slot,
            None if self.slots.len() > mask(SLOT_BITS) => return None,
            None => {
                // Generation 0 is never used, so that no token is NULL.
                self.slots.push(Slot { generation: 1, node: None });
                self.slots.len() - 1
            }
        };
        self.slots[slot].node = Some(node);
        Some(Token { depth, generation: self.slots[slot].generation, slot })
    }

    fn remove(&mut self, token: Token) -> Option<Arc<Peers>> {
        let slot = self.slots.get_mut(token.slot).filter(|slot| slot.generation == token.generation)?;
        let node = slot.node.take()?;
        slot.generation = (slot.generation + 1) & mask(GENERATION_BITS);
        // A slot whose generations are used up is retired, lest an old token fit again.
        if slot.generation != 0 {
            self.vacant.push(token.slot);
        }
        Some(node)
    }
}
