//! `Addresses`: the further addresses that a sender claims (key 15).

use std::net::IpAddr;

use minicbor::Decoder;

use super::Malformed;

/// Maximum number of addresses in one message.
pub const MAX_ADDRESSES: usize = 8;

/// IP addresses, at most [`MAX_ADDRESSES`], in the sender's order of preference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Addresses {
    list: [Option<IpAddr>; MAX_ADDRESSES],
}

impl Addresses {
    /// Returns the addresses in their order.
    pub fn iter(&self) -> impl Iterator<Item = IpAddr> + use<> {
        self.list.into_iter().flatten()
    }

    /// Returns the number of addresses.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Returns true if there is none.
    pub fn is_empty(&self) -> bool {
        self.list[0].is_none()
    }

    /// Returns the addresses without the last one.
    pub(crate) fn without_last(mut self) -> Self {
        if let Some(last) = self.len().checked_sub(1) {
            self.list[last] = None;
        }
        self
    }

    pub(super) fn decode(decoder: &mut Decoder<'_>) -> Result<Self, Malformed> {
        let count = decoder.array()?.ok_or(Malformed)?;
        if count > MAX_ADDRESSES as u64 {
            return Err(Malformed);
        }
        let mut addresses = Addresses::default();
        for place in addresses.list.iter_mut().take(count as usize) {
            *place = Some(decode_address(decoder.bytes()?)?);
        }
        Ok(addresses)
    }
}

/// Takes the first [`MAX_ADDRESSES`].
impl FromIterator<IpAddr> for Addresses {
    fn from_iter<T: IntoIterator<Item = IpAddr>>(from: T) -> Self {
        let mut addresses = Addresses::default();
        for (place, address) in addresses.list.iter_mut().zip(from) {
            *place = Some(address);
        }
        addresses
    }
}

fn decode_address(bytes: &[u8]) -> Result<IpAddr, Malformed> {
    if let Ok(octets) = <[u8; 4]>::try_from(bytes) {
        return Ok(octets.into());
    }
    <[u8; 16]>::try_from(bytes).map(IpAddr::from).map_err(|_| Malformed)
}
