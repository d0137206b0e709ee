//! Names of the host and of its interfaces.

use std::io;

use nix::net::if_::{if_indextoname, if_nametoindex};

/// Returns the host's name.
pub fn name() -> io::Result<String> {
    Ok(nix::unistd::gethostname()?.to_string_lossy().into_owned())
}

/// Returns the zone of a link-local address, behind its `%`: the name of the interface. `None` if the interface is gone.
pub fn zone_of(index: u32) -> Option<String> {
    let name = if_indextoname(index).ok()?.to_string_lossy().into_owned();
    Some(name).filter(|name| !name.is_empty())
}

/// Returns the index of the interface that the zone of a link-local address names, if there is one.
pub fn index_of_zone(zone: &str) -> Option<u32> {
    zone.parse().ok().or_else(|| if_nametoindex(zone).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_interface_has_its_name_as_its_zone() {
        let interfaces = nix::net::if_::if_nameindex().expect("interfaces can be listed");
        for interface in &interfaces {
            let name = interface.name().to_str().expect("names are in ASCII");
            assert_eq!(zone_of(interface.index()).as_deref(), Some(name));
            assert_eq!(index_of_zone(name), Some(interface.index()));
        }
        assert_eq!(zone_of(4_000_000), None);
        assert_eq!((index_of_zone("7"), index_of_zone("nosuch7"), index_of_zone("")), (Some(7), None, None));
    }
}
