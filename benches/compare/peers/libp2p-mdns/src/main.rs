//! libp2p-mdns as a peer of the comparison: `compare-libp2p-mdns NAME ADDRESS`, with its defaults. Its name is the id that
//! it draws. What the lines mean is in benches/compare/README.md.

use std::error::Error;
use std::io::stdin;
use std::thread;

use futures::StreamExt;
use libp2p::swarm::SwarmEvent;
use libp2p::{Swarm, SwarmBuilder, mdns, noise, tcp, yamux};
use tokio::sync::oneshot;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    println!("ready");
    stdin().read_line(&mut String::new())?;
    let mut swarm = start()?;
    println!("started {}", swarm.local_peer_id());
    let (stop, mut stopped) = oneshot::channel();
    thread::spawn(move || {
        let _ = stdin().read_line(&mut String::new());
        stop.send(())
    });
    loop {
        tokio::select! {
            event = swarm.select_next_some() => tell(event),
            _ = &mut stopped => return Ok(()),
        }
    }
}

fn start() -> Result<Swarm<mdns::tokio::Behaviour>, Box<dyn Error>> {
    let mut swarm = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)?
        .with_behaviour(|key| {
            Ok(mdns::tokio::Behaviour::new(mdns::Config::default(), key.public().to_peer_id())?)
        })?
        .build();
    // What it announces is where it listens.
    swarm.listen_on("/ip4/0.0.0.0/tcp/0".parse()?)?;
    Ok(swarm)
}

fn tell(event: SwarmEvent<mdns::Event>) {
    match event {
        SwarmEvent::Behaviour(mdns::Event::Discovered(peers)) => {
            peers.iter().for_each(|(peer, _)| println!("joined {peer}"));
        }
        SwarmEvent::Behaviour(mdns::Event::Expired(peers)) => {
            peers.iter().for_each(|(peer, _)| println!("left {peer}"));
        }
        _ => {}
    }
}
