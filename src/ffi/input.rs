//! Reading what a C caller passed: pointers that may be NULL, text that may not be UTF-8.

use std::ffi::{CStr, c_char, c_void};
use std::time::Duration;

use crate::config::check_key_count;
use crate::ffi::constants::{PEERS_ERR_INVALID, PEERS_ERR_NULL, PEERS_ERR_TOO_LARGE, PEERS_ERR_UTF8};
use crate::ffi::status::Failure;
use peers_proto::{KEY_LEN, Key};

/// An error unless `pointer` is non-NULL; `what` names the argument, and `right` is what to pass.
pub(super) fn not_null<T>(pointer: *const T, what: &str, right: &str) -> Result<(), Failure> {
    match pointer.is_null() {
        true => Err(Failure::new(PEERS_ERR_NULL, format!("{what} is NULL; pass {right}"))),
        false => Ok(()),
    }
}

/// An error unless there is a place for the result.
pub(super) fn check_output<T>(pointer: *const T, what: &str) -> Result<(), Failure> {
    not_null(pointer, what, "the address of a variable for the result")
}

/// The text at `pointer`, or `None` for NULL.
///
/// # Safety
/// `pointer` is NULL or a NUL-terminated string that is not changed for as long as the result is used.
pub(super) unsafe fn optional_text<'a>(
    pointer: *const c_char,
    what: &str,
) -> Result<Option<&'a str>, Failure> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: non-NULL, and the caller vouches for the rest.
    let bytes = unsafe { CStr::from_ptr(pointer) };
    let text = bytes.to_str().map_err(|error| {
        let at = error.valid_up_to();
        Failure::new(
            PEERS_ERR_UTF8,
            format!("{what} is not valid UTF-8: the byte at index {at} does not fit; pass text in UTF-8"),
        )
    })?;
    Ok(Some(text))
}

/// Returns the text at `pointer`, or an error for NULL.
///
/// # Safety
/// As [`optional_text`].
pub(super) unsafe fn text<'a>(pointer: *const c_char, what: &str) -> Result<&'a str, Failure> {
    not_null(pointer, what, "a text that ends with NUL")?;
    // SAFETY: the caller vouches for the text.
    unsafe { optional_text(pointer, what) }.map(Option::unwrap_or_default)
}

/// Returns the time to wait, or `None` for a wait without limit.
pub(super) fn timeout(timeout_ms: i32) -> Option<Duration> {
    u64::try_from(timeout_ms).ok().map(Duration::from_millis)
}

/// The `len` bytes at `pointer`; NULL is fine for none.
///
/// # Safety
/// `pointer` is NULL or points to `len` readable bytes that are not changed for as long as the result is used.
pub(super) unsafe fn bytes<'a>(pointer: *const c_void, len: usize, what: &str) -> Result<&'a [u8], Failure> {
    if len == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() {
        return Err(Failure::new(
            PEERS_ERR_NULL,
            format!("{what} is NULL, but its length is {len}; pass the bytes, or the length 0"),
        ));
    }
    check_len(len, what)?;
    // SAFETY: non-NULL, not too long for a slice, and the caller vouches for `len` bytes.
    Ok(unsafe { std::slice::from_raw_parts(pointer.cast(), len) })
}

/// Returns the `len` bytes at `pointer`, which is not NULL, to be changed.
///
/// # Safety
/// `pointer` points to `len` bytes that can be read and written, and that nothing else reads or writes for as long as the result is
/// used.
pub(super) unsafe fn bytes_mut<'a>(
    pointer: *mut c_void,
    len: usize,
    what: &str,
) -> Result<&'a mut [u8], Failure> {
    check_len(len, what)?;
    // SAFETY: not too long for a slice, and the caller vouches for `len` bytes.
    Ok(unsafe { std::slice::from_raw_parts_mut(pointer.cast(), len) })
}

/// An error for a length that went negative in the caller's arithmetic. No slice is so long.
fn check_len(len: usize, what: &str) -> Result<(), Failure> {
    match isize::try_from(len) {
        Ok(_) => Ok(()),
        Err(_) => Err(Failure::new(
            PEERS_ERR_TOO_LARGE,
            format!("{what} has {len} bytes, more than memory can hold; check how the length was computed"),
        )),
    }
}

/// The `count` keys at `pointer`; NULL means none.
///
/// # Safety
/// `pointer` is NULL or points to `count` times 32 readable bytes.
pub(super) unsafe fn keys(pointer: *const c_void, count: usize) -> Result<Vec<Key>, Failure> {
    let mismatch = |status, detail: String| Err(Failure::new(status, detail));
    match (pointer.is_null(), count) {
        (true, 0) => return Ok(Vec::new()),
        (true, _) => {
            return mismatch(
                PEERS_ERR_NULL,
                format!("keys is NULL, but keys_count is {count}; pass the keys, or 0"),
            );
        }
        (false, 0) => {
            let detail = "keys is set, but keys_count is 0; give the number of keys, or NULL for none";
            return mismatch(PEERS_ERR_INVALID, detail.into());
        }
        (false, _) => check_key_count(count)?,
    }
    // SAFETY: non-NULL, and the caller vouches for the bytes of all keys, which are few.
    let bytes = unsafe { std::slice::from_raw_parts(pointer.cast::<u8>(), count * KEY_LEN) };
    Ok(bytes
        .chunks_exact(KEY_LEN)
        .map(|key| Key::try_from(key).expect("a chunk is as long as a key"))
        .collect())
}
