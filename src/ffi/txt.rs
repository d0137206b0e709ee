//! Values in the TXT format of DNS-SD.

use std::ffi::{c_char, c_void};

use crate::ffi::constants::PEERS_ERR_NULL;
use crate::ffi::input;
use crate::ffi::status::Failure;
use crate::txt;

/// Reads the value of a key from `txt_len` bytes in the TXT format of DNS-SD (RFC 6763, section 6).
///
/// The format is a sequence of strings `key=value` or `key`, each of up to 255 bytes behind a byte with its length. `key` is
/// NUL-terminated: 1 or more printable ASCII characters except `=`. Its case does not matter. Of several strings of a key the
/// first counts.
///
/// On success `*value` points to the value inside `txt`, without a NUL behind it, and `*value_len` is its number of bytes. An empty
/// value gives a pointer and 0, a key without a value NULL and 0.
///
/// Errors: PEERS_ERR_NOT_FOUND (`txt` does not have the key), PEERS_ERR_INVALID (`txt` is not in the format, or `key` is no key),
/// PEERS_ERR_NULL, PEERS_ERR_UTF8, PEERS_ERR_TOO_LARGE (`txt_len` is more than memory can hold). Thread-safe. Needs no node.
///
/// # Safety
/// `txt` is NULL or points to `txt_len` readable bytes; `key` is NULL or NUL-terminated; `value` and `value_len` are NULL or can be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_txt_get(
    txt: *const c_void,
    txt_len: usize,
    key: *const c_char,
    value: *mut *const c_void,
    value_len: *mut usize,
) -> i32 {
    crate::ffi::boundary("peers_txt_get", || {
        input::check_output(value, "value")?;
        input::check_output(value_len, "value_len")?;
        // SAFETY: the caller vouches for both.
        let txt = unsafe { input::bytes(txt, txt_len, "txt") }?;
        // SAFETY: as above.
        let key = unsafe { input::text(key, "key") }?;
        let found = txt::get(txt, key)?;
        // SAFETY: non-NULL, and the caller vouches that they can be written.
        unsafe {
            value.write(found.map_or(std::ptr::null(), |found| found.as_ptr().cast()));
            value_len.write(found.map_or(0, <[u8]>::len));
        }
        Ok(())
    })
}

/// Writes a key and its value into a buffer in the TXT format of `peers_txt_get`. It replaces each string of the same key.
///
/// `txt` has room for `capacity` bytes. `*txt_len` is the number of bytes in use, before and after the call; begin with 0.
/// These bytes are a `value` for `peers_config_t` or `peers_set_value`. With `value` NULL the key has no value; with another
/// `value` and `value_len` 0 its value is empty. The value must not be in the buffer. The call allocates no memory, except
/// for the text of an error.
///
/// Errors: PEERS_ERR_TOO_LARGE (key and value have more than 254 bytes, a key alone more than 255, or the buffer is too
/// small), PEERS_ERR_INVALID (`key` is no key, `*txt_len` is more than `capacity`, or the bytes in use are not in the
/// format), PEERS_ERR_NULL, PEERS_ERR_UTF8. An error changes neither the buffer nor `*txt_len`. Thread-safe. Needs no
/// node.
///
/// # Safety
/// `txt` is NULL or points to `capacity` bytes that can be read and written; `txt_len` is NULL or can be read and written; `key` is
/// NULL or NUL-terminated; `value` is NULL or points to `value_len` readable bytes outside of `txt`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_txt_put(
    txt: *mut c_void,
    capacity: usize,
    txt_len: *mut usize,
    key: *const c_char,
    value: *const c_void,
    value_len: usize,
) -> i32 {
    crate::ffi::boundary("peers_txt_put", || {
        input::not_null(txt, "txt", "the address of a buffer")?;
        input::not_null(txt_len, "txt_len", "the address of the number of bytes in use")?;
        // SAFETY: the caller vouches for the key.
        let key = unsafe { input::text(key, "key") }?;
        if value.is_null() && value_len > 0 {
            let detail = format!("value is NULL, but its length is {value_len}");
            return Err(Failure::new(PEERS_ERR_NULL, detail));
        }
        let value = match value.is_null() {
            true => None,
            // SAFETY: the caller vouches for the value, which lies outside of the buffer.
            false => Some(unsafe { input::bytes(value, value_len, "value") }?),
        };
        // SAFETY: as above, for the buffer.
        let buffer = unsafe { input::bytes_mut(txt, capacity, "txt") }?;
        // SAFETY: non-NULL, and the caller vouches that it can be read and written.
        unsafe { txt_len.write(txt::put(buffer, txt_len.read(), key, value)?) };
        Ok(())
    })
}
