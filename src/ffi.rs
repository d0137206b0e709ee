//! The C ABI: `include/peers.h` is generated from this folder, one module for each C type.
//!
//! Each export is a thin translation to [`crate::Peers`] and back. The rules they share:
//! - `boundary` runs the body: a panic becomes `PEERS_ERR_FAILED`, a `Failure` becomes its status and
//!   the text of `peers_last_error`. No thread is cancelled in it.
//! - Inputs are integers and raw pointers, checked before use; outputs are written only on success.
//! - A handle is a token looked up in `handle`'s table, never a pointer that is followed.

#![allow(non_camel_case_types)] // these are C's names

#[cfg(feature = "capi")]
mod allocator;
mod config;
mod constants;
mod entry;
mod event;
mod handle;
mod health;
mod input;
mod interfaces;
mod list;
mod log;
mod node;
mod numbers;
mod peer;
mod sized;
mod snapshot_buffer;
mod status;
mod structs;
mod subscription;
mod txt;

use constants::{PEERS_ERR_FAILED, PEERS_OK};
use status::Failure;

use crate::panics;
use crate::sys::cancellation::NoCancellation;

/// Runs the body of an export, so that neither a panic nor an error leaves it as anything but a status. `call` is its name.
fn boundary(call: &str, body: impl FnOnce() -> Result<(), Failure>) -> i32 {
    let mut body = Some(body);
    contain(call, &mut || body.take().map_or(Ok(()), |body| body()))
}

/// The part of `boundary` that the library has once, and not for each export.
fn contain(call: &str, body: &mut dyn FnMut() -> Result<(), Failure>) -> i32 {
    let _no_cancellation = NoCancellation::begin();
    panics::silence_panic_output();
    let failure = match panics::catch_panic(body) {
        Ok(Ok(())) => return PEERS_OK,
        Ok(Err(failure)) => failure,
        Err(words) => {
            let detail = format!("the library panicked, which is an internal error of libpeers: {words}");
            Failure::new(PEERS_ERR_FAILED, detail)
        }
    };
    status::set_last_error(&format!("{call}: {}", failure.detail));
    failure.status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "Miri knows no cancellation of threads")]
    fn a_panic_stops_at_the_boundary() {
        let status = boundary("call", || panic!("as if by a bug"));
        assert_eq!(status, PEERS_ERR_FAILED);
    }
}
