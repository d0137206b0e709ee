//! A panic is an internal error. It is contained where it happens, and told by statuses, health and the log: in a
//! library that programs in other languages load, nothing is printed.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::panicking;

thread_local! {
    /// True while this thread is in a `contain`.
    static IS_CATCHING: Cell<bool> = const { Cell::new(false) };
}

/// Runs `body`. If it panics, returns what the panic said.
///
/// State that it leaves half changed is behind a mutex, whose poison the next one to take it sees.
pub(crate) fn catch_panic<R>(body: impl FnOnce() -> R) -> Result<R, String> {
    // A call may be made from the program's logger, which is itself called from inside.
    let was_catching = IS_CATCHING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(body));
    IS_CATCHING.set(was_catching);
    result.map_err(|panic| message_of(&*panic))
}

/// From now on no contained panic is printed. Rust's standard library would print each. A shared library has one of its own,
/// so no other code's panics come here, and what is printed of those that do, in a program in Rust, stays as it was.
pub(crate) fn silence_panic_output() {
    static IS_SILENCED: AtomicBool = AtomicBool::new(false);
    // While a thread unwinds it may not change what is done about panics. Another call will.
    if panicking() || IS_SILENCED.swap(true, Ordering::Relaxed) {
        return;
    }
    let before = take_hook();
    set_hook(Box::new(move |panic: &PanicHookInfo<'_>| {
        if !IS_CATCHING.get() {
            before(panic);
        }
    }));
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| text.to_string());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".into())
}
