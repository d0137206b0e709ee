//! Panics on demand, for the tests of what a panic leaves behind. Part of no build without the feature `test-panic`.

/// Panics if `bytes` contain "panic:" and the name of this place: the test puts it into a value or a key.
pub(crate) fn at(place: &str, bytes: &[u8]) {
    let asked = [b"panic:", place.as_bytes()].concat();
    if bytes.windows(asked.len()).any(|window| window == asked) {
        panic!("asked to panic at {place}");
    }
}
