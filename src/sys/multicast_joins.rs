//! The interfaces that have joined a group, as the system lists them.
//!
//! A join can be lost without an error: when an interface loses its last address, the system drops its groups. The socket still
//! counts as joined, and has to leave before it can join again.

use std::net::{IpAddr, Ipv6Addr};

use crate::sys::proc_net;

/// Returns the indexes of the interfaces that have joined `group`; `None` if the system does not list them.
pub fn of(group: IpAddr) -> Option<Vec<u32>> {
    // On other systems a lost join is repeated when the receive watchdog reopens the sockets.
    if !cfg!(linux_kernel) {
        return None;
    }
    match group {
        IpAddr::V4(group) => {
            // The system prints the four bytes as a number in the byte order of the machine.
            proc_net::read("igmp").ok().map(|table| v4_joins(&table, u32::from_ne_bytes(group.octets())))
        }
        IpAddr::V6(group) => proc_net::read("igmp6").ok().map(|table| v6_joins(&table, group)),
    }
}

/// Reads a line for each interface, which begins with its index, and below it an indented line for each of its groups.
fn v4_joins(table: &str, group: u32) -> Vec<u32> {
    let mut joined = Vec::new();
    let mut interface: Option<u32> = None;
    for line in table.lines().skip(1) {
        let Some(word) = line.split_whitespace().next() else { continue };
        if !line.starts_with(char::is_whitespace) {
            interface = word.parse().ok();
        } else if u32::from_str_radix(word, 16) == Ok(group) {
            joined.extend(interface);
        }
    }
    joined
}

/// Reads a line for each join: index, name, group.
fn v6_joins(table: &str, group: Ipv6Addr) -> Vec<u32> {
    let joined = |line: &str| {
        let mut words = line.split_whitespace();
        let (index, digits) = (words.next()?, words.nth(1)?);
        let is_ours = u128::from_str_radix(digits, 16) == Ok(group.to_bits());
        index.parse().ok().filter(|_| is_ours)
    };
    table.lines().filter_map(joined).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_are_read_from_the_systems_tables() {
        let igmp = "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n\
                    1\tlo        :     1      V3\n\
                    \t\t\t\t010000E0     1 0:00000000\t\t0\n\
                    4\teth0      :     2      V3\n\
                    \t\t\t\t040302EF     1 0:00000000\t\t0\n\
                    \t\t\t\t010000E0     1 0:00000000\t\t0\n";
        assert_eq!(v4_joins(igmp, 0x0403_02EF), [4]);
        assert_eq!(v4_joins(igmp, 0x0100_00E0), [1, 4]);
        let igmp6 = "1    lo              ff020000000000000000000000000001     1 0000000C 0\n\
                     4    eth0            ff1200000000000000000000ef020304     1 00000004 0\n";
        assert_eq!(v6_joins(igmp6, "ff12::ef02:304".parse().unwrap()), [4]);
    }
}
