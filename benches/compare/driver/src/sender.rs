//! Announcements of peers that are known already, from one socket, as fast as they go out or at an even rate.

use std::io::{self, stdin};
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use peers_proto::wire::{self, Announcement};
use simple_dns::rdata::{A, PTR, RData, SRV, TXT};
use simple_dns::{CLASS, Name, Packet, PacketFlag, ResourceRecord, SimpleDnsError};
use socket2::{Domain, Socket, Type};

pub const GROUP: Ipv4Addr = Ipv4Addr::new(239, 2, 3, 4);
pub const PORT: u16 = 49001;
const MDNS_GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
const MDNS_PORT: u16 = 5353;
const SERVICE: &str = "_peers-cmp._udp.local";

/// Peers that announce themselves in turn.
pub const PEERS: usize = 100;
/// The host that they are on.
const HERE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
/// Between two peers that are new, and between two small bursts at an even rate.
const PAUSE: Duration = Duration::from_millis(1);

/// What the announcements are.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Of libpeers.
    Announce,
    /// Responses of multicast DNS, with the four records of a service.
    Mdns,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Announce => "announce",
            Kind::Mdns => "mdns",
        }
    }

    fn socket(self) -> io::Result<Socket> {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
        socket.set_multicast_if_v4(&HERE)?;
        let group = match self {
            Kind::Announce => (GROUP, PORT),
            Kind::Mdns => {
                // A response from another port is none (RFC 6762, section 6).
                socket.set_reuse_address(true)?;
                socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, MDNS_PORT)).into())?;
                socket.set_multicast_ttl_v4(255)?;
                (MDNS_GROUP, MDNS_PORT)
            }
        };
        socket.connect(&SocketAddr::from(group).into())?;
        Ok(socket)
    }

    /// What peer number `number` says the `time`th time.
    fn datagram(self, number: usize, time: u64, ids: &[[u8; 16]]) -> Vec<u8> {
        let name = name(number);
        match self {
            Kind::Announce => wire::encode(
                wire::Kind::Announce,
                &Announcement {
                    id: ids[number],
                    sequence: time,
                    name: &name,
                    expiry: Duration::from_secs(3600),
                    port: 9,
                    ..Announcement::default()
                },
            ),
            Kind::Mdns => response(&name).expect("the names are good"),
        }
    }
}

/// The name of a peer.
pub fn name(number: usize) -> String {
    format!("known{number}")
}

fn response(name: &str) -> Result<Vec<u8>, SimpleDnsError> {
    const TTL: u32 = 4500;
    let (instance, host) = (format!("{name}.{SERVICE}"), format!("{name}.local"));
    let (service, instance, host) = (Name::new(SERVICE)?, Name::new(&instance)?, Name::new(&host)?);
    let srv = SRV { priority: 0, weight: 0, port: 9, target: host.clone() };
    let address = A { address: u32::from(HERE) };
    let unique = |name: &Name<'_>, data| {
        ResourceRecord::new(name.clone().into_owned(), CLASS::IN, TTL, data).with_cache_flush(true)
    };
    let mut packet = Packet::new_reply(0);
    packet.set_flags(PacketFlag::AUTHORITATIVE_ANSWER);
    packet.answers = vec![
        ResourceRecord::new(service, CLASS::IN, TTL, RData::PTR(PTR(instance.clone()))),
        unique(&instance, RData::SRV(srv)),
        unique(&instance, RData::TXT(TXT::new().with_string("")?)),
        unique(&host, RData::A(address)),
    ];
    packet.build_bytes_vec_compressed()
}

/// The peers, and how often they have been announced together.
struct Sender {
    kind: Kind,
    socket: Socket,
    ids: Vec<[u8; 16]>,
    /// What is the same each time is made once.
    same: Option<Vec<Vec<u8>>>,
    sent: u64,
}

/// Does what the lines say: "introduce" announces each peer once, with pauses; "send SECONDS RATE" announces them so often a
/// second, or as fast as it can if that is 0, and prints how many it has sent.
pub fn run(kind: &str) -> Result<(), String> {
    let kind = match kind {
        "announce" => Kind::Announce,
        "mdns" => Kind::Mdns,
        _ => return Err(format!("{kind:?} is neither announce nor mdns")),
    };
    let mut sender = Sender::new(kind).map_err(|error| format!("opening a socket: {error}"))?;
    let number = |text: &str| text.parse::<u64>().map_err(|_| format!("{text:?} is no number"));
    println!("ready");
    for line in stdin().lines().map_while(Result::ok) {
        let done = match *line.split(' ').collect::<Vec<_>>() {
            ["introduce"] => sender.introduce(),
            ["send", seconds, rate] => sender.send(Duration::from_secs(number(seconds)?), number(rate)?),
            _ => return Err(format!("{line:?} is no command")),
        };
        done.map_err(|error| format!("sending: {error}"))?;
    }
    Ok(())
}

impl Sender {
    fn new(kind: Kind) -> io::Result<Self> {
        let mut rng = Rng::with_seed(1);
        let ids: Vec<[u8; 16]> = (0..PEERS).map(|_| rng.u128(..).to_ne_bytes()).collect();
        let all = || (0..PEERS).map(|peer| kind.datagram(peer, 0, &ids)).collect();
        let same = matches!(kind, Kind::Mdns).then(all);
        Ok(Sender { kind, socket: kind.socket()?, ids, same, sent: 0 })
    }

    fn introduce(&mut self) -> io::Result<()> {
        for _ in 0..PEERS {
            self.announce_next()?;
            thread::sleep(PAUSE);
        }
        println!("introduced");
        Ok(())
    }

    fn send(&mut self, time: Duration, rate: u64) -> io::Result<()> {
        let (begin, before) = (Instant::now(), self.sent);
        while begin.elapsed() < time {
            self.announce_next()?;
            while rate > 0 && (self.sent - before) as f64 > begin.elapsed().as_secs_f64() * rate as f64 {
                thread::sleep(PAUSE);
            }
        }
        println!("sent {}", self.sent - before);
        Ok(())
    }

    fn announce_next(&mut self) -> io::Result<()> {
        let (peer, time) = (self.sent as usize % PEERS, 1 + self.sent / PEERS as u64);
        match &self.same {
            Some(datagrams) => self.socket.send(&datagrams[peer])?,
            None => self.socket.send(&self.kind.datagram(peer, time, &self.ids))?,
        };
        self.sent += 1;
        Ok(())
    }
}
