//! Values in the TXT format of DNS-SD (RFC 6763, section 6): strings of up to 255 bytes, each behind its length, of which each is
//! `key=value` or `key` alone.
//!
//! A key is 1 or more printable ASCII characters except `=`. Its case does not matter, and of several strings of a key the first
//! counts. A key without a value differs from a key whose value is empty (section 6.4).

use crate::error::{Error, ErrorKind, quoted};

/// Maximum length in bytes of a string: of a key, and of `=` and its value.
pub const MAX_STRING: usize = u8::MAX as usize;

/// Returns the value of a key in `txt`, or `None` if the key is there without a value.
///
/// ```
/// let txt = b"\x06role=a\x05quiet\x04log=";
/// assert_eq!(peers::txt::get(txt, "Role"), Ok(Some(&b"a"[..])));
/// assert_eq!(peers::txt::get(txt, "log"), Ok(Some(&b""[..])));
/// assert_eq!(peers::txt::get(txt, "quiet"), Ok(None));
/// ```
///
/// # Errors
/// [`ErrorKind::NotFound`] if the key is not there; [`ErrorKind::Invalid`] if `txt` is not in the format, or `key` is no key.
pub fn get<'a>(txt: &'a [u8], key: &str) -> Result<Option<&'a [u8]>, Error> {
    check_key(key)?;
    check_format(txt)?;
    let found = strings(txt).map(|(_, string)| split(string)).find(|(name, _)| is_key(name, key));
    found.map(|(_, value)| value).ok_or_else(|| {
        Error::new(ErrorKind::NotFound, format!("there is no key {}; ask for one that is there", quoted(key)))
    })
}

/// Writes a key with a value, or alone if `value` is `None`, behind the first `len` bytes of `buffer`, which are in the format. It
/// takes the place of each string of the same key. Returns the new length.
///
/// ```
/// let mut buffer = [0; 100];
/// let len = peers::txt::put(&mut buffer, 0, "role", Some(b"a"))?;
/// let len = peers::txt::put(&mut buffer, len, "quiet", None)?;
/// assert_eq!(buffer[..len], *b"\x06role=a\x05quiet");
/// # Ok::<(), peers::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::TooLarge`] if the string is longer than 255 bytes, or does not fit into `buffer`; [`ErrorKind::Invalid`] if `key` is
/// no key, `len` is beyond `buffer`, or its first `len` bytes are not in the format. The buffer stays as it was.
pub fn put(buffer: &mut [u8], len: usize, key: &str, value: Option<&[u8]>) -> Result<usize, Error> {
    check_key(key)?;
    let capacity = buffer.len();
    let txt = buffer.get(..len).ok_or_else(|| {
        Error::new(
            ErrorKind::Invalid,
            format!("the length is {len}, and the buffer has {capacity} bytes; give 0 for an empty one"),
        )
    })?;
    check_format(txt)?;
    let string_len = key.len() + value.map_or(0, |value| value.len().saturating_add(1));
    if string_len > MAX_STRING {
        let detail = format!(
            "the key {} and its value have {string_len} bytes; at most {MAX_STRING} fit",
            quoted(key)
        );
        return Err(Error::new(ErrorKind::TooLarge, detail));
    }
    let replaced = |string: &[u8]| is_key(split(string).0, key);
    let freed: usize =
        strings(txt).filter(|(_, string)| replaced(string)).map(|(_, string)| 1 + string.len()).sum();
    let new_len = len - freed + 1 + string_len;
    if new_len > capacity {
        let detail = format!("the buffer has {capacity} bytes, and {new_len} are needed");
        return Err(Error::new(ErrorKind::TooLarge, detail));
    }
    let end = remove(buffer, len, replaced);
    write(&mut buffer[end..new_len], key, value);
    Ok(new_len)
}

/// Moves the strings that stay to the front. Returns their length.
fn remove(buffer: &mut [u8], len: usize, is_removed: impl Fn(&[u8]) -> bool) -> usize {
    let (mut from, mut to) = (0, 0);
    while from < len {
        let next = from + 1 + usize::from(buffer[from]);
        if !is_removed(&buffer[from + 1..next]) {
            buffer.copy_within(from..next, to);
            to += next - from;
        }
        from = next;
    }
    to
}

/// Fills `place` with one string.
fn write(place: &mut [u8], key: &str, value: Option<&[u8]>) {
    let (first, string) = place.split_at_mut(1);
    // The caller has checked that the length fits.
    first[0] = string.len() as u8;
    let (name, rest) = string.split_at_mut(key.len());
    name.copy_from_slice(key.as_bytes());
    if let (Some(value), Some((equals, content))) = (value, rest.split_first_mut()) {
        *equals = b'=';
        content.copy_from_slice(value);
    }
}

/// Returns the strings with their offsets, as far as `txt` is in the format.
fn strings(txt: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + 1;
        let end = start + usize::from(*txt.get(at)?);
        let string = txt.get(start..end)?;
        at = end;
        Some((start, string))
    })
}

fn check_format(txt: &[u8]) -> Result<(), Error> {
    let end = strings(txt).last().map_or(0, |(start, string)| start + string.len());
    match txt.get(end) {
        None => Ok(()),
        Some(len) => {
            let left = txt.len() - end - 1;
            let detail =
                format!("not in TXT format: the string at byte {end} has {len} bytes, and {left} are left");
            Err(Error::new(ErrorKind::Invalid, detail))
        }
    }
}

fn check_key(key: &str) -> Result<(), Error> {
    let is_right = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'=';
    match !key.is_empty() && key.bytes().all(is_right) {
        true => Ok(()),
        false => {
            let detail =
                format!("the key {} is not 1 or more printable ASCII characters without '='", quoted(key));
            Err(Error::new(ErrorKind::Invalid, detail))
        }
    }
}

/// Returns the key and the value of a string. A string that begins with `=` has an empty key, which is none.
fn split(string: &[u8]) -> (&[u8], Option<&[u8]>) {
    match string.iter().position(|byte| *byte == b'=') {
        Some(at) => (&string[..at], Some(&string[at + 1..])),
        None => (string, None),
    }
}

fn is_key(name: &[u8], key: &str) -> bool {
    name.eq_ignore_ascii_case(key.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> ErrorKind {
        result.expect_err("it is wrong").kind()
    }

    #[test]
    fn the_examples_of_the_rfc_are_read() {
        // RFC 6763, section 6.1, with a string of no bytes, one without a key, and a second string of a key.
        let txt = b"\x09key=value\x08paper=A4\x00\x04=bad\x0cPAPER=letter\x07passreq\x07plug-in\x07a=b=c=d";
        assert_eq!(get(txt, "paper"), Ok(Some(&b"A4"[..])));
        assert_eq!(get(txt, "PaPeR"), Ok(Some(&b"A4"[..])));
        assert_eq!(get(txt, "a"), Ok(Some(&b"b=c=d"[..])));
        assert_eq!(get(txt, "passreq"), Ok(None));
        assert_eq!(kind(get(txt, "pape")), ErrorKind::NotFound);
        assert_eq!(get(b"\x04key=", "key"), Ok(Some(&b""[..])));
        assert_eq!(kind(get(b"", "key")), ErrorKind::NotFound);
    }

    #[test]
    fn what_is_not_in_the_format_is_named() {
        for (txt, why) in [
            (&b"\x01"[..], "the string at byte 0 has 1 bytes, and 0 are left"),
            (b"\x03key\x05key=", "the string at byte 4 has 5 bytes, and 4 are left"),
        ] {
            let error = get(txt, "key").expect_err("it is cut short");
            assert_eq!(
                (error.kind(), error.to_string()),
                (ErrorKind::Invalid, format!("not in TXT format: {why}"))
            );
            let mut buffer = [0; 300];
            buffer[..txt.len()].copy_from_slice(txt);
            assert_eq!(kind(put(&mut buffer, txt.len(), "key", None)), ErrorKind::Invalid);
        }
        for key in ["", "a=b", "tab\t", "ü"] {
            assert_eq!(kind(get(b"", key)), ErrorKind::Invalid);
            assert_eq!(kind(put(&mut [0; 9], 0, key, None)), ErrorKind::Invalid);
        }
        assert_eq!(kind(put(&mut [0; 9], 10, "key", None)), ErrorKind::Invalid);
    }

    #[test]
    fn a_key_is_written_in_the_place_of_its_former_strings() {
        let mut buffer = *b"\x03a=1\x03b=2\x01A___";
        assert_eq!(put(&mut buffer, 10, "a", Some(b"long")), Ok(11));
        assert_eq!(&buffer[..11], b"\x03b=2\x06a=long");
        let before = buffer;
        assert_eq!(kind(put(&mut buffer, 11, "c", Some(b""))), ErrorKind::TooLarge);
        assert_eq!(buffer, before);
        assert_eq!(put(&mut buffer, 11, "c", None), Ok(13));
        assert_eq!(put(&mut buffer, 13, "B", Some(b"")), Ok(12));
        assert_eq!(&buffer[..12], b"\x06a=long\x01c\x02B=");
    }

    #[test]
    fn a_string_has_at_most_255_bytes() {
        let (mut buffer, value) = ([0; 300], [7; 252]);
        assert_eq!(put(&mut buffer, 0, "key", Some(&value[..251])), Ok(256));
        assert_eq!(get(&buffer[..256], "key"), Ok(Some(&value[..251])));
        assert_eq!(kind(put(&mut buffer, 0, "key", Some(&value))), ErrorKind::TooLarge);
        assert_eq!(put(&mut buffer, 0, &"k".repeat(255), None), Ok(256));
        assert_eq!(kind(put(&mut buffer, 0, &"k".repeat(256), None)), ErrorKind::TooLarge);
    }

    #[test]
    fn random_bytes_stay_within_bounds_and_written_text_reads_back() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..100_000 {
            let mut buffer = [0; 40];
            // Small bytes make strings that fit; the others are keys, '=' and long lengths.
            buffer.fill_with(|| [random.u8(..6), b'a', b'A', b'=', random.u8(..)][random.usize(..5)]);
            let len = random.usize(..=40);
            let (key, value) = (["a", "aa", "b"][random.usize(..3)], random.bool().then_some(&b"=a"[..]));
            let (before, is_valid) = (buffer, check_format(&buffer[..len]).is_ok());
            let read = get(&buffer[..len], key);
            assert_eq!(matches!(&read, Err(error) if error.kind() == ErrorKind::Invalid), !is_valid);
            match put(&mut buffer, len, key, value) {
                Ok(new_len) => {
                    assert_eq!(get(&buffer[..new_len], key), Ok(value));
                    let other = |txt: &'_ [u8]| get(txt, "Ab").map(|value| value.map(<[u8]>::to_vec));
                    assert_eq!(other(&buffer[..new_len]), other(&before[..len]));
                }
                Err(_) => assert_eq!(buffer, before),
            }
        }
    }
}
