//! `peers_entry_t`: an entry to register, with an address and a port.

use std::net::IpAddr;
use std::time::Duration;

use crate::error::quoted;
use crate::ffi::constants::{PEERS_ERR_INTERFACE, PEERS_ERR_INVALID};
use crate::ffi::status::Failure;
pub use crate::ffi::structs::peers_entry_t;
use crate::ffi::{input, sized};
use crate::sys::host;
use peers_proto::Registration;

/// Returns the entry at `pointer`, and its time to live.
///
/// # Safety
/// `pointer` points to a struct of at least its own `struct_size` bytes, whose pointers are as documented and whose texts and value
/// are not changed for as long as the result is used.
pub(super) unsafe fn read<'a>(
    pointer: *const peers_entry_t,
) -> Result<(Registration<'a>, Option<Duration>), Failure> {
    // SAFETY: the caller vouches for the struct.
    let raw = unsafe { sized::read(pointer) }?;
    // SAFETY: the caller vouches for the texts.
    let text = |pointer, what| unsafe { input::optional_text(pointer, what) };
    // SAFETY: the caller vouches for the key.
    let key = unsafe { input::text(raw.key, "key") }?;
    // SAFETY: as above, for the value.
    let value = unsafe { input::bytes(raw.value, raw.value_len, "value") }?;
    let address = text(raw.address, "address")?.map(parse_address).transpose()?;
    let (address, interface) = address.map_or((None, 0), |(address, interface)| (Some(address), interface));
    let port = u16::try_from(raw.port).map_err(|_| {
        Failure::new(PEERS_ERR_INVALID, format!("port is {}; it is 1 to 65535, or 0 for none", raw.port))
    })?;
    let ttl = (raw.ttl_ms != 0).then(|| Duration::from_millis(raw.ttl_ms.into()));
    Ok((Registration { key, value, address, interface, port }, ttl))
}

/// Returns an address, and the index of the interface that its zone names.
fn parse_address(text: &str) -> Result<(IpAddr, u32), Failure> {
    let wrong = || {
        let detail = format!(
            "address {} is not an IP address such as 192.0.2.7, 2001:db8::7 or fe80::7%eth0",
            quoted(text)
        );
        Failure::new(PEERS_ERR_INVALID, detail)
    };
    let (address, zone) = text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone)));
    let address: IpAddr = address.parse().map_err(|_| wrong())?;
    match (zone, address) {
        (None, _) => Ok((address, 0)),
        (Some(zone), IpAddr::V6(v6)) if v6.is_unicast_link_local() => {
            let index = host::index_of_zone(zone).ok_or_else(|| {
                let detail = format!(
                    "address {}: there is no interface {}; give the name or the index of one that exists",
                    quoted(text),
                    quoted(zone)
                );
                Failure::new(PEERS_ERR_INTERFACE, detail)
            })?;
            Ok((address, index))
        }
        (Some(_), _) => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_zone_only_if_it_is_link_local() {
        let parse = |text| parse_address(text).map_err(|failure| failure.status);
        assert_eq!(parse("192.0.2.7"), Ok(([192, 0, 2, 7].into(), 0)));
        assert_eq!(parse("fe80::7%3"), Ok(("fe80::7".parse().expect("an address"), 3)));
        for text in ["", "192.0.2.7:80", "[::1]", "192.0.2.7%1", "2001:db8::7%1", "kitchen"] {
            assert_eq!(parse(text), Err(PEERS_ERR_INVALID), "{text}");
        }
    }
}
