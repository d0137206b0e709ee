//! The ranges of numbers and times, from the table `abi/api.toml`.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::config::Config;
use crate::error::{Error, ErrorKind};

/// An error for the first number or time that is out of its range.
pub(super) fn check(config: &Config) -> Result<(), Error> {
    // generated: begin rust/ranges
    check_duration("interval", config.interval, 10..=3600000)?;
    check_duration("expiry", config.expiry, 1..=86400000)?;
    check_number("max_peers", config.max_peers as u64, 1..=u64::MAX)?;
    check_number("hops", config.hops.into(), 1..=255)?;
    check_number("port", config.port.into(), 1..=65535)?;
    // 0 is the default.
    if config.entries_max_bytes != 0 {
        check_number("entries_max_bytes", config.entries_max_bytes as u64, 65536..=u64::MAX)?;
    }
    // generated: end
    Ok(())
}

fn check_duration(what: &str, time: Duration, range: RangeInclusive<u64>) -> Result<(), Error> {
    let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    // A part of a millisecond counts at the upper end, where it is too much.
    let is_whole = Duration::from_millis(ms) == time || ms < *range.end();
    check_within(range.contains(&ms) && is_whole, &format!("the {what} is {ms} ms"), &range)
}

fn check_number(what: &str, number: u64, range: RangeInclusive<u64>) -> Result<(), Error> {
    check_within(range.contains(&number), &format!("{what} is {number}"), &range)
}

fn check_within(is_within: bool, what: &str, range: &RangeInclusive<u64>) -> Result<(), Error> {
    let range = match (*range.start(), *range.end()) {
        (min, u64::MAX) => format!("{min} or more"),
        (min, max) => format!("{min} to {max}"),
    };
    match is_within {
        true => Ok(()),
        false => Err(Error::new(ErrorKind::Invalid, format!("{what}; it is {range}"))),
    }
}
