//! The table behind the handles of nodes and subscriptions: tokens that are looked up, never followed.
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
use crate::per_process::{Owned, PerProcess};
use crate::subscription::Subscription;

/// A running node. The pointer is a token that is looked up, never followed: a stale, freed or made-up one gives
/// PEERS_ERR_HANDLE.
pub struct peers_t {
    _opaque: [u8; 0],
}

/// A reader of a node's events. The pointer is a token that is looked up, never followed: a stale, freed or made-up one gives
/// PEERS_ERR_HANDLE.
pub struct peers_subscription_t {
    _opaque: [u8; 0],
}

static TABLES: PerProcess<Table> = PerProcess::new();

#[derive(Default)]
struct Table(Mutex<Slots<Object>>);

/// What a handle stands for. One table has both kinds, so that no token fits two objects.
#[derive(Clone)]
pub(super) enum Object {
    Node(Arc<Peers>),
    Subscription(Arc<Subscription>),
}

/// A type that C has handles of.
pub(super) trait Handled: Sized {
    /// The opaque type in C.
    type Handle;
    /// What an unknown handle is not.
    const UNKNOWN: &'static str;
    /// Name of the argument.
    const NAME: &'static str;
    fn wrap(object: Arc<Self>) -> Object;
    fn unwrap(object: Object) -> Option<Arc<Self>>;
    /// Fails the node, after a panic that may have left it half changed.
    fn fail(&self, why: &str);
}

impl Handled for Peers {
    type Handle = peers_t;
    const UNKNOWN: &'static str = "the handle is no live node: it was freed, or never came from peers_start";
    const NAME: &'static str = "node";

    fn wrap(object: Arc<Self>) -> Object {
        Object::Node(object)
    }

    fn unwrap(object: Object) -> Option<Arc<Self>> {
        match object {
            Object::Node(node) => Some(node),
            Object::Subscription(_) => None,
        }
    }

    fn fail(&self, why: &str) {
        Peers::fail(self, why);
    }
}

impl Handled for Subscription {
    type Handle = peers_subscription_t;
    const UNKNOWN: &'static str =
        "the handle is no live subscription: it was freed, or never came from peers_subscribe";
    const NAME: &'static str = "subscription";

    fn wrap(object: Arc<Self>) -> Object {
        Object::Subscription(object)
    }

    fn unwrap(object: Object) -> Option<Arc<Self>> {
        match object {
            Object::Subscription(subscription) => Some(subscription),
            Object::Node(_) => None,
        }
    }

    fn fail(&self, why: &str) {
        Subscription::fail(self, why);
    }
}

/// Objects, each in a slot. Generic, so that Miri runs its tests: it cannot run a node.
struct Slots<N> {
    slots: Vec<Slot<N>>,
    vacant: Vec<usize>,
}

struct Slot<N> {
    generation: usize,
    object: Option<N>,
}

impl<N> Default for Slots<N> {
    fn default() -> Self {
        Slots { slots: Vec::new(), vacant: Vec::new() }
    }
}

/// Bits of a token, from the lowest: slot, then generation, then depth. On 64 bits that is a million objects at once,
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
    fn from_pointer<H>(pointer: *mut H) -> Self {
        let bits = pointer.addr();
        Token {
            slot: bits & mask(SLOT_BITS),
            generation: (bits >> SLOT_BITS) & mask(GENERATION_BITS),
            depth: bits >> (SLOT_BITS + GENERATION_BITS),
        }
    }

    fn to_pointer<H>(self) -> *mut H {
        let generation = self.generation << SLOT_BITS;
        let depth = self.depth << (SLOT_BITS + GENERATION_BITS);
        std::ptr::without_provenance_mut(depth | generation | self.slot)
    }
}

const fn mask(bits: u32) -> usize {
    (1 << bits) - 1
}

/// An object for the length of a call. If the call panics, its node fails: it may be half changed.
pub(super) struct Lease<T: Handled>(Arc<T>);

impl<T: Handled> Deref for Lease<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Handled> Drop for Lease<T> {
    fn drop(&mut self) {
        if panicking() {
            self.0.fail("a call panicked");
        }
    }
}

/// Returns the object behind a handle.
pub(super) fn get<T: Handled>(handle: *mut T::Handle) -> Result<Lease<T>, Failure> {
    input::not_null(handle, T::NAME)?;
    let token = Token::from_pointer(handle);
    let newest = TABLES.newest().filter(|table| token.depth <= table.depth).ok_or_else(unknown::<T>)?;
    if !newest.is_own() || token.depth < newest.depth {
        let detail = "the handle belongs to the parent of this forked process; start a node of your own";
        return Err(Failure::new(PEERS_ERR_FORKED, detail));
    }
    find(newest, token).map(Lease)
}

fn find<T: Handled>(table: &Owned<Table>, token: Token) -> Result<Arc<T>, Failure> {
    table.value.lock(|slots| slots.get(token)).and_then(T::unwrap).ok_or_else(unknown::<T>)
}

/// Returns a handle for a new object.
pub(super) fn insert<T: Handled>(object: T) -> Result<*mut T::Handle, Failure> {
    let table = TABLES.get();
    if table.depth > mask(DEPTH_BITS) {
        let detail = format!("this process is {} forks deep, each with nodes of its own", table.depth);
        return Err(Failure::new(PEERS_ERR_SYSTEM, detail));
    }
    let token = table.value.lock(|slots| slots.insert(table.depth, T::wrap(Arc::new(object))));
    token.map(Token::to_pointer).ok_or_else(|| {
        let detail = format!(
            "this process has {} nodes and subscriptions, and a handle can name no more",
            1usize << SLOT_BITS
        );
        Failure::new(PEERS_ERR_SYSTEM, detail)
    })
}

/// Makes the handle of a node void and stops the node.
pub(super) fn free_node(handle: *mut peers_t) -> Result<(), Failure> {
    free(handle, |node: &Peers| {
        if node.is_logging_here() {
            let detail = "the node is freed in a call of its own log function, and would wait for itself; free it \
                          when the function has returned, or on another thread";
            return Err(Failure::new(PEERS_ERR_DEADLOCK, detail));
        }
        Ok(())
    })
    .map(|node| node.iter().for_each(|node| node.stop()))
}

/// Makes the handle of a subscription void and ends the subscription.
pub(super) fn free_subscription(handle: *mut peers_subscription_t) -> Result<(), Failure> {
    let freed = free(handle, |_: &Subscription| Ok(()));
    freed.map(|subscription| subscription.iter().for_each(|subscription| subscription.end()))
}

/// Makes a handle void, if `check` permits it. Returns the object, if it is of this process.
fn free<T: Handled>(
    handle: *mut T::Handle,
    check: impl FnOnce(&T) -> Result<(), Failure>,
) -> Result<Option<Arc<T>>, Failure> {
    let token = Token::from_pointer(handle);
    let table = TABLES.all().find(|table| table.depth == token.depth).ok_or_else(unknown::<T>)?;
    if table.is_own() {
        let object: Arc<T> = find(table, token)?;
        check(&object)?;
        // Of two that come at once one frees it.
        table.value.lock(|slots| slots.remove(token)).ok_or_else(unknown::<T>)?;
        return Ok(Some(object));
    }
    // A parent's table, whose lock may have been held by a thread that this process does not have. Then the object's
    // memory is unreachable for good.
    match table.value.0.try_lock() {
        Ok(mut slots) => {
            slots.get(token).and_then(T::unwrap).ok_or_else(unknown::<T>)?;
            slots.remove(token);
        }
        Err(TryLockError::WouldBlock | TryLockError::Poisoned(_)) => {}
    }
    Ok(None)
}

fn unknown<T: Handled>() -> Failure {
    Failure::new(PEERS_ERR_HANDLE, T::UNKNOWN)
}

impl Table {
    fn lock<R>(&self, action: impl FnOnce(&mut Slots<Object>) -> R) -> R {
        // No action panics half-way through a change, so a poisoned table is whole.
        action(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<N: Clone> Slots<N> {
    fn get(&self, token: Token) -> Option<N> {
        let slot = self.slots.get(token.slot).filter(|slot| slot.generation == token.generation)?;
        slot.object.clone()
    }

    fn insert(&mut self, depth: usize, object: N) -> Option<Token> {
        let slot = match self.vacant.pop() {
            Some(slot) => slot,
            None if self.slots.len() > mask(SLOT_BITS) => return None,
            None => {
                // Generation 0 is never used, so that no token is NULL.
                self.slots.push(Slot { generation: 1, object: None });
                self.slots.len() - 1
            }
        };
        self.slots[slot].object = Some(object);
        Some(Token { depth, generation: self.slots[slot].generation, slot })
    }

    fn remove(&mut self, token: Token) -> Option<N> {
        let slot = self.slots.get_mut(token.slot).filter(|slot| slot.generation == token.generation)?;
        let object = slot.object.take()?;
        slot.generation = (slot.generation + 1) & mask(GENERATION_BITS);
        // A slot whose generations are used up is retired, lest an old token fit again.
        if slot.generation != 0 {
            self.vacant.push(token.slot);
        }
        Some(object)
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
            let _node = get::<Peers>(handle).ok().expect("the node lives");
            panic!("as if by a bug");
        });
        assert!(panicked.is_err());
        let failed = get::<Peers>(handle).ok().expect("a failed node has a handle").list();
        assert_eq!(failed.map_err(|error| error.kind()), Err(crate::error::ErrorKind::Failed));
        assert!(free_node(handle).is_ok());
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
            let back = Token::from_pointer(token.to_pointer::<peers_t>());
            assert_eq!((back.depth, back.generation, back.slot), (token.depth, token.generation, token.slot));
            assert!(!token.to_pointer::<peers_t>().is_null());
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
