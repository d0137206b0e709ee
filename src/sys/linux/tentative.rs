//! Tentative IPv6 addresses (RFC 4862, section 5.4).

use std::fs;
use std::net::Ipv6Addr;

/// Returns the IPv6 addresses that cannot be used: duplicate address detection still runs, or has found a duplicate. Each has the
/// index of its interface.
pub fn addresses() -> Vec<(u32, Ipv6Addr)> {
    // Of this thread: it may be in another network namespace than the process.
    let table = fs::read_to_string("/proc/thread-self/net/if_inet6").unwrap_or_default();
    table.lines().filter_map(tentative_of).collect()
}

/// Reads a line: address, index, length of the prefix, scope and flags in hexadecimal; and the interface's name.
fn tentative_of(line: &str) -> Option<(u32, Ipv6Addr)> {
    let mut words = line.split_whitespace();
    let address = Ipv6Addr::from_bits(u128::from_str_radix(words.next()?, 16).ok()?);
    let index = u32::from_str_radix(words.next()?, 16).ok()?;
    let flags = u32::from_str_radix(words.nth(2)?, 16).ok()?;
    (flags & (libc::IFA_F_TENTATIVE | libc::IFA_F_DADFAILED) != 0).then_some((index, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tentative_address_has_a_flag() {
        let line = |flags| format!("fe8000000000000000fc00fffe000001 0a 40 20 {flags}     eth0");
        let address = "fe80::fc:ff:fe00:1".parse().unwrap();
        assert_eq!(tentative_of(&line("c0")), Some((10, address)));
        assert_eq!(tentative_of(&line("88")), Some((10, address)));
        assert_eq!(tentative_of(&line("80")), None);
    }
}
