//! The kinds of the links, and the bridges, bonds and teams that they are ports of, by rtnetlink. Linux alone has them.

use std::io;
use std::iter;
use std::path::Path;

use socket2::{Domain, Protocol, Socket, Type};

use crate::sys::call_error::{CallError, Named};
use crate::sys::interface::Port;

/// A network link.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Link {
    pub index: u32,
    /// "bridge", "wireguard" and so on, as `ip -d link` has it; empty for a plain network card.
    pub kind: String,
    pub port: Option<Port>,
}

/// Returns all links, as rtnetlink lists them.
///
/// # Errors
/// A sandbox does not allow netlink. `by_sysfs` needs none.
pub fn by_netlink() -> Result<Vec<Link>, CallError> {
    let protocol = Protocol::from(libc::NETLINK_ROUTE);
    let socket =
        Socket::new(Domain::from(libc::AF_NETLINK), Type::RAW, Some(protocol)).named("socket(AF_NETLINK)")?;
    // The system has its answer ready when the request returns. A socket that waits could wait for ever.
    socket.set_nonblocking(true).named("fcntl(O_NONBLOCK)")?;
    socket.send(&dump_request()).named("send(RTM_GETLINK)")?;
    let mut links = Vec::new();
    // Memory that nothing was written to costs nothing.
    let mut buffer = Vec::<u8>::with_capacity(64 * 1024);
    loop {
        let len = socket.recv(buffer.spare_capacity_mut()).named("recv(RTM_GETLINK)")?;
        // SAFETY: the system has written the first `len` bytes.
        let answer = unsafe { std::slice::from_raw_parts(buffer.as_ptr(), len) };
        for (kind, body) in messages(answer) {
            match i32::from(kind) {
                libc::NLMSG_DONE => return Ok(links),
                libc::NLMSG_ERROR => {
                    let code = body.first_chunk().map_or(0, |code| i32::from_ne_bytes(*code));
                    return Err(io::Error::from_raw_os_error(-code)).named("netlink(RTM_GETLINK)");
                }
                _ => links.extend((kind == libc::RTM_NEWLINK).then(|| link_of(body)).flatten()),
            }
        }
    }
}

/// Returns what `/sys` shows of the link of a name. It opens no file, so it works where a process may open none.
pub fn by_sysfs(name: &str) -> Link {
    let device = Path::new("/sys/class/net").join(name);
    let has = |entry: &str| device.join(entry).exists();
    let master = std::fs::read_link(device.join("master")).ok();
    let master = master.and_then(|path| Some(path.file_name()?.to_str()?.to_owned()));
    let kinds = [("brport", "bridge"), ("bonding_slave", "bond")];
    let of = kinds.into_iter().find_map(|(entry, kind)| has(entry).then_some(kind));
    let port = of.map(|kind| Port { kind: kind.to_owned(), of: master.unwrap_or_default() });
    let kinds = [("bridge", "bridge"), ("bonding", "bond"), ("tun_flags", "tun"), ("phy80211", "wlan")];
    let kind = kinds.into_iter().find_map(|(entry, kind)| has(entry).then_some(kind));
    Link { index: 0, kind: kind.unwrap_or_default().to_owned(), port }
}

/// A request for all links: the header of the message and of a link.
fn dump_request() -> [u8; 32] {
    let mut request = [0; 32];
    let flags = (libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16;
    request[..4].copy_from_slice(&32_u32.to_ne_bytes());
    request[4..6].copy_from_slice(&libc::RTM_GETLINK.to_ne_bytes());
    request[6..8].copy_from_slice(&flags.to_ne_bytes());
    request
}

/// Returns the messages in a datagram: the type and the body of each.
fn messages(mut rest: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    const HEADER: usize = 16;
    iter::from_fn(move || {
        let len = u32::from_ne_bytes(*rest.first_chunk()?) as usize;
        let kind = u16_at(rest, 4)?;
        let body = rest.get(HEADER..len)?;
        rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, body))
    })
}

/// Returns the attributes in a body: the type and the contents of each.
fn attributes(mut rest: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    const HEADER: usize = 4;
    /// The upper bits are flags.
    const TYPE: u16 = 0x3FFF;
    iter::from_fn(move || {
        let len = usize::from(u16_at(rest, 0)?);
        let kind = u16_at(rest, 2)? & TYPE;
        let contents = rest.get(HEADER..len)?;
        rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, contents))
    })
}

/// Reads a link: its header, and its attributes.
fn link_of(body: &[u8]) -> Option<Link> {
    const HEADER: usize = 16;
    let mut link = Link { index: u32_at(body, 4)?, ..Link::default() };
    let mut master = None;
    let mut port_kind = None;
    for (kind, contents) in attributes(body.get(HEADER..)?) {
        match kind {
            libc::IFLA_MASTER => master = u32_at(contents, 0),
            libc::IFLA_LINKINFO => {
                for (kind, contents) in attributes(contents) {
                    match kind {
                        libc::IFLA_INFO_KIND => link.kind = text_of(contents),
                        libc::IFLA_INFO_SLAVE_KIND => port_kind = Some(text_of(contents)),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    let name = |index| crate::sys::host::zone_of(index).unwrap_or_default();
    link.port = master.zip(port_kind).map(|(index, kind)| Port { kind, of: name(index) });
    Some(link)
}

/// Reads a text that ends with a NUL.
fn text_of(contents: &[u8]) -> String {
    let text = contents.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_ne_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_do_not_fit_end_the_reading() {
        for len in [0_u16, 3, 5, u16::MAX] {
            let bytes = [&len.to_ne_bytes()[..], &18_u16.to_ne_bytes()].concat();
            assert_eq!(attributes(&bytes).count(), 0, "{len}");
        }
        for len in [0_u32, 15, 17, u32::MAX] {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&len.to_ne_bytes());
            assert_eq!(messages(&bytes).count(), 0, "{len}");
        }
        assert_eq!(link_of(&[0; 15]), None);
    }

    #[test]
    fn the_loopback_is_among_the_links() {
        let links = by_netlink().expect("netlink is allowed");
        let loopback = links.iter().find(|link| link.index == 1).expect("each host has one");
        assert_eq!((&*loopback.kind, &loopback.port), ("", &None));
    }
}
