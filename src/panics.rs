//! A panic is an internal error. It is caught where it happens, and shown by statuses, health and the log. Nothing is printed,
//! because programs in other languages load the library.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::panicking;

thread_local! {
    /// True while this thread is in `catch_panic`.
    static IS_CATCHING: Cell<bool> = const { Cell::new(false) };
}

/// Runs `body`. If it panics, returns the message of the panic.
///
/// State that it leaves half changed is behind a mutex, whose poison the next thread sees.
pub(crate) fn catch_panic<R>(body: impl FnOnce() -> R) -> Result<R, String> {
    // The program's logger may make a call, and is itself called from inside.
    let was_catching = IS_CATCHING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(body));
    IS_CATCHING.set(was_catching);
    result.map_err(|panic| message_of(&*panic))
}

/// Stops the output of panics that are caught; Rust's standard library would print each. Other panics are printed as before: a
/// program in Rust shares the standard library.
pub(crate) fn silence_panic_output() {
    static IS_SILENCED: AtomicBool = AtomicBool::new(false);
    // A thread that unwinds may not change the hook. A later call does.
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
