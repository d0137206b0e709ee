//! The flood.

use std::io::{self, stdin};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use fastrand::Rng;
use peers_proto::wire::{self, Announcement};
use socket2::{Domain, Protocol, Socket, Type};

const GROUP: Ipv4Addr = Ipv4Addr::new(239, 2, 3, 4);
const PORT: u16 = 49001;
const HERE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);

/// How long the peers that there are not ask to be held live: soon over, so that the flood's end is seen.
const EXPIRY: Duration = Duration::from_secs(5);

/// What the flood is made of; each datagram is another one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Beacons,
    Lines,
    Garbage,
    /// Each in the name of another address and port.
    Queries,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Beacons, Kind::Lines, Kind::Garbage, Kind::Queries];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Beacons => "beacons",
            Kind::Lines => "lines",
            Kind::Garbage => "garbage",
            Kind::Queries => "queries",
        }
    }

    fn datagram(self, number: u64, rng: &mut Rng) -> Vec<u8> {
        let name = format!("flood-{number:014}");
        match self {
            Kind::Beacons => wire::encode(wire::Kind::Announce, &about(&name, &[7; 100], rng)),
            Kind::Lines => wire::encode_legacy(&name),
            Kind::Garbage => (0..rng.usize(1..=wire::MAX_DATAGRAM)).map(|_| rng.u8(..)).collect(),
            Kind::Queries => {
                let query = wire::encode(wire::Kind::Query, &about(&name, b"", rng));
                let source = Ipv4Addr::new(192, 0, 2, rng.u8(10..=250));
                [&head(source, rng.u16(1024..), query.len())[..], &query].concat()
            }
        }
    }

    fn socket(self) -> io::Result<Socket> {
        let socket = match self {
            // Its datagrams bring their heads along.
            Kind::Queries => Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::from(libc::IPPROTO_RAW)))?,
            _ => Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?,
        };
        socket.set_multicast_if_v4(&HERE)?;
        socket.connect(&SocketAddr::from((GROUP, PORT)).into())?;
        Ok(socket)
    }
}

fn about<'a>(name: &'a str, value: &'a [u8], rng: &mut Rng) -> Announcement<'a> {
    Announcement {
        cluster: "",
        id: rng.u128(..).to_ne_bytes(),
        sequence: 1,
        name,
        expiry: EXPIRY,
        port: 0,
        value,
        ..Default::default()
    }
}

/// The heads of IPv4 (RFC 791) and UDP (RFC 768). The system fills in the former's length and checksum; the latter's may
/// be 0.
fn head(source: Ipv4Addr, port: u16, len: usize) -> Vec<u8> {
    let mut head = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 1, libc::IPPROTO_UDP as u8, 0, 0];
    head.extend(source.octets());
    head.extend(GROUP.octets());
    for field in [port, PORT, 8 + len as u16, 0] {
        head.extend(field.to_be_bytes());
    }
    head
}

/// Sends the flood once it is told to, and prints how long that took.
pub fn run(kind: &str, count: &str) -> Result<(), String> {
    let kind = Kind::ALL.into_iter().find(|known| known.name() == kind).ok_or("there is no such flood")?;
    let count: u64 = count.parse().map_err(|_| "the count is a number")?;
    let failed = |error: io::Error| format!("sending: {error}");
    let socket = kind.socket().map_err(failed)?;
    println!("ready");
    stdin().read_line(&mut String::new()).map_err(failed)?;
    let (mut rng, start) = (Rng::with_seed(1), Instant::now());
    for number in 0..count {
        socket.send(&kind.datagram(number, &mut rng)).map_err(failed)?;
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("sent {count} datagrams in {seconds:.2} s, {:.0} a second", count as f64 / seconds);
    Ok(())
}
