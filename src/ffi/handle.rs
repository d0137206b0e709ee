//! The table behind the handles: tokens that are looked up, never followed.
//!
//! A token holds three numbers: which process made it (the depth of forks), which slot of that process's table it
//! is for, and which use of the slot (the generation). A freed slot gets a new generation, so an old token no longer
//! fits.
//!
//! Forks: a lock that another thread held at the fork stays locked in the child for ever. So each process has a
//! table of its own, and a child finds out that a handle is its parent's by the process id, before it takes a lock.

use std::process;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use once_cell::race::OnceBox;

use super::node::peers_t;
use super::status::{Failure, PEERS_ERR_FORKED, PEERS_ERR_HANDLE, PEERS_ERR_SYSTEM};
use crate::peers::Peers;

/// The table of the first process; those of forked children hang off it. `OnceBox` does not block, so a fork in the
/// middle of its initialisation leaves nothing locked.
static TABLES: OnceBox<Table> = OnceBox::new();

struct Table {
    process: u32,
    /// How many forks lie between this process and the one that first used the library.
    depth: usize,
    slots: Mutex<Slots>,
    /// The table of the forked child that this memory image belongs to now, if it is one.
    child: OnceBox<Table>,
}

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

/// The node behind a handle.
pub(super) fn get(handle: *mut peers_t) -> Result<Arc<Peers>, Failure> {
    let token = Token::from_pointer(handle);
    let newest = newest_table().filter(|table| token.depth <= table.depth).ok_or_else(unknown)?;
    if newest.process != process::id() || token.depth < newest.depth {
        let detail = "the handle belongs to the parent of this forked process; start a node of your own";
        return Err(Failure::new(PEERS_ERR_FORKED, detail));
    }
    newest.lock(|slots| slots.get(token)).ok_or_else(unknown)
}

/// A handle for a node that was started.
pub(super) fn insert(node: Peers) -> Result<*mut peers_t, Failure> {
    let table = own_table()?;
    let token = table.lock(|slots| slots.insert(table.depth, Arc::new(node)));
    token.map(Token::to_pointer).ok_or_else(|| {
        let detail =
            format!("{} nodes run in this process, and a handle can name no more", 1usize << SLOT_BITS);
        Failure::new(PEERS_ERR_SYSTEM, detail)
    })
}

/// Makes a handle void and stops its node.
pub(super) fn free(handle: *mut peers_t) -> Result<(), Failure> {
    let token = Token::from_pointer(handle);
    let table = tables().find(|table| table.depth == token.depth).ok_or_else(unknown)?;
    if table.process == process::id() {
        let node = table.lock(|slots| slots.remove(token)).ok_or_else(unknown)?;
        node.stop();
        return Ok(());
    }
    // A parent's table, whose lock may have been held by a thread that this process does not have. Then the node's
    // memory is unreachable for good, and there is nothing to be done about it.
    match table.slots.try_lock() {
        Ok(mut slots) => slots.remove(token).map(drop).ok_or_else(unknown),
        Err(TryLockError::WouldBlock | TryLockError::Poisoned(_)) => Ok(()),
    }
}

fn unknown() -> Failure {
    Failure::new(PEERS_ERR_HANDLE, "the handle is no live node: it was freed, or never came from peers_start")
}

fn tables() -> impl Iterator<Item = &'static Table> {
    std::iter::successors(TABLES.get(), |table| table.child.get())
}

fn newest_table() -> Option<&'static Table> {
    tables().last()
}

/// The table of this process, made if it has none yet.
fn own_table() -> Result<&'static Table, Failure> {
    let (place, depth) = match newest_table() {
        Some(table) if table.process == process::id() => return Ok(table),
        Some(parent) => (&parent.child, parent.depth + 1),
        None => (&TABLES, 0),
    };
    if depth > mask(DEPTH_BITS) {
        let detail = format!("this process is more than {depth} forks deep, each with nodes of its own");
        return Err(Failure::new(PEERS_ERR_SYSTEM, detail));
    }
    Ok(place.get_or_init(|| {
        Box::new(Table { process: process::id(), depth, slots: Mutex::default(), child: OnceBox::new() })
    }))
}

impl Table {
    fn lock<R>(&self, action: impl FnOnce(&mut Slots) -> R) -> R {
        // No action panics half-way through a change, so a poisoned table is as good as any.
        action(&mut self.slots.lock().unwrap_or_else(PoisonError::into_inner))
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
