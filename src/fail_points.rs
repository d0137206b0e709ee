//! Fail points, for the tests of what a panic leaves behind. Part of no build without the feature `test-panic`.

/// Panics if `bytes` contain "panic:" and the name of this fail point. A test puts that into a value or a key.
pub(crate) fn fail_point(name: &str, bytes: &[u8]) {
    let trigger = [b"panic:", name.as_bytes()].concat();
    if bytes.windows(trigger.len()).any(|window| window == trigger) {
        panic!("fail point {name}");
    }
}
