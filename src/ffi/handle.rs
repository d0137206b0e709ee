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

use crate::ffi::constants::{PEERS_ERR_DEADLOCK, PEERS_ERR_FORKED, PEERS_ERR_HANDLE, PEERS_ERR_SYSTEM};
use crate::ffi::input;
use crate::ffi::status::Failure;
use crate::peers::Peers;
use crate::per_process::PerProcess;

/// A running node. The pointer is a token that is looked up, never followed: a stale, freed or made-up one gives
/// PEERS_ERR_HANDLE.
pub struct peers_t {
    _opaque: [u8; 0],
}

static TABLES: PerProcess<Table> = PerProcess::new();

#[derive(Default)]
struct Table(Mutex<Slots<Arc<Peers>>>);

/// Nodes, each in a slot. Generic, so that Miri runs its tests: it cannot run a node.
struct Slots<N> {
    slots: Vec<Slot<N>>,
    vacant: Vec<usize>,
}

struct Slot<N> {
    generation: usize,
    node: Option<N>,
}

impl<N> Default for Slots<N> {
    fn default() -> Self {
        Slots { slots: Vec::new(), vacant: Vec::new() }
    }
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

/// A node for the length of a call. If the call panics, the node has failed: its state may be half changed.
pub(super) struct NodeRef(Arc<Peers>);

impl Deref for NodeRef {
    type Target = Peers;

    fn deref(&self) -> &Peers {
        &self.0
    }
}

impl Drop for NodeRef {
    fn drop(&mut self) {
        if panicking() {
            self.0.fail("a call panicked");
        }
    }
}

/// Returns the node behind a handle.
pub(super) fn get(handle: *mut peers_t) -> Result<NodeRef, Failure> {
    input::not_null(handle, "node")?;
    let token = Token::from_pointer(handle);
    let newest = TABLES.newest().filter(|table| token.depth <= table.depth).ok_or_else(unknown)?;
    if !newest.is_own() || token.depth < newest.depth {
        let detail = "the handle belongs to the parent of this forked process; start a node of your own";
        return Err(Failure::new(PEERS_ERR_FORKED, detail));
    }
    newest.value.lock(|slots| slots.get(token)).map(NodeRef).ok_or_else(unknown)
}

/// Returns a handle for a node that was started.
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
    // A parent's table, whose lock a thread may have held that this process does not have. Then the node's memory stays lost.
    match table.value.0.try_lock() {
        Ok(mut slots) => slots.remove(token).map(drop).ok_or_else(unknown),
        Err(TryLockError::WouldBlock | TryLockError::Poisoned(_)) => Ok(()),
    }
}

fn unknown() -> Failure {
    Failure::new(PEERS_ERR_HANDLE, "the handle is no live node: it was freed, or never came from peers_start")
}

impl Table {
    fn lock<R>(&self, action: impl FnOnce(&mut Slots<Arc<Peers>>) -> R) -> R {
        // No action panics half-way through a change, so a poisoned table is whole.
        action(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<N: Clone> Slots<N> {
    fn get(&self, token: Token) -> Option<N> {
        let slot = self.slots.get(token.slot).filter(|slot| slot.generation == token.generation)?;
        slot.node.clone()
    }

    fn insert(&mut self, depth: usize, node: N) -> Option<Token> {
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

    fn remove(&mut self, token: Token) -> Option<N> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Clock, Config, Network};

    #[test]
    #[cfg_attr(miri, ignore = "Miri does not have the system calls of a node")]
    fn a_panic_in_a_call_fails_the_node() {
        let network = Network::Memory("a panic in a call".into());
        let config = Config { name: Some("node".into()), network, clock: Clock::Manual, ..Config::default() };
        let started = Peers::start(config).expect("a node of the memory network starts");
        let handle = insert(started).ok().expect("the table has room");
        let panicked = crate::panics::catch_panic(|| {
            let _node = get(handle).ok().expect("the node lives");
            panic!("as if by a bug");
        });
        assert!(panicked.is_err());
        let failed = get(handle).ok().expect("a failed node has a handle").list();
        assert_eq!(failed.map_err(|error| error.kind()), Err(crate::error::ErrorKind::Failed));
        assert!(free(handle).is_ok());
    }

    // Slots alone, which Miri runs too.

    fn insert_number(slots: &mut Slots<u32>, number: u32) -> Token {
        slots.insert(0, number).expect("there is room")
    }

    #[test]
    fn a_token_survives_its_way_through_a_pointer() {
        let top = Token { depth: mask(DEPTH_BITS), generation: mask(GENERATION_BITS), slot: mask(SLOT_BITS) };
        for token in
            [top, Token { depth: 0, generation: 1, slot: 0 }, Token { depth: 3, generation: 2, slot: 1 }]
        {
            let back = Token::from_pointer(token.to_pointer());
            assert_eq!((back.depth, back.generation, back.slot), (token.depth, token.generation, token.slot));
            assert!(!token.to_pointer().is_null());
        }
    }

    #[test]
    fn a_token_fits_one_use_of_one_slot() {
        let mut slots = Slots::default();
        let (one, two) = (insert_number(&mut slots, 1), insert_number(&mut slots, 2));
        assert_eq!((slots.get(one), slots.get(two)), (Some(1), Some(2)));
        assert_eq!(slots.remove(one), Some(1));
        assert_eq!((slots.get(one), slots.remove(one)), (None, None));
        let three = insert_number(&mut slots, 3);
        assert_eq!(three.slot, one.slot);
        assert_eq!((slots.get(one), slots.get(two), slots.get(three)), (None, Some(2), Some(3)));
        assert_eq!(slots.get(Token { slot: 2, ..two }), None);
    }

    #[test]
    fn a_slot_without_further_generations_is_retired() {
        let mut slots = Slots::default();
        let first = insert_number(&mut slots, 1);
        slots.slots[first.slot].generation = mask(GENERATION_BITS);
        let last = Token { generation: mask(GENERATION_BITS), ..first };
        assert_eq!(slots.remove(last), Some(1));
        assert_ne!(insert_number(&mut slots, 2).slot, first.slot);
    }
}
