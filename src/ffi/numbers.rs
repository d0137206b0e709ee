//! The numbers of a configuration, from the table `abi/api.toml`.

use std::fmt::Display;
use std::time::Duration;

use crate::config::Config;
use crate::ffi::constants::PEERS_ERR_INVALID;
use crate::ffi::status::Failure;
use crate::ffi::structs::peers_config_t;

/// Takes over the numbers that are set. [`Config::check`] knows the ranges of those that fit.
pub(super) fn read(raw: &peers_config_t, config: &mut Config) -> Result<(), Failure> {
    // generated: begin rust/numbers
    if raw.interval_ms != 0 {
        config.interval = Duration::from_millis(raw.interval_ms.into());
    }
    if raw.expiry_ms != 0 {
        config.expiry = Duration::from_millis(raw.expiry_ms.into());
    }
    if raw.max_peers != 0 {
        config.max_peers = raw.max_peers as usize;
    }
    if raw.hops != 0 {
        config.hops = narrow(raw.hops, "hops", u8::MAX)?;
    }
    if raw.port != 0 {
        config.port = narrow(raw.port, "port", u16::MAX)?;
    }
    if raw.service_port != 0 {
        config.service_port = narrow(raw.service_port, "service_port", u16::MAX)?;
    }
    if raw.unicast_port != 0 {
        config.unicast_port = narrow(raw.unicast_port, "unicast_port", u16::MAX)?;
    }
    if raw.entries_max_bytes != 0 {
        config.entries_max_bytes = raw.entries_max_bytes;
    }
    // generated: end
    Ok(())
}

/// Returns the number in the type that holds no more than `max`.
fn narrow<T: TryFrom<u32> + Display>(number: u32, what: &str, max: T) -> Result<T, Failure> {
    T::try_from(number)
        .map_err(|_| Failure::new(PEERS_ERR_INVALID, format!("{what} is {number}; it is 1 to {max}")))
}
