//! swarm-discovery as a peer of the comparison: `compare-swarm-discovery NAME ADDRESS`, with its defaults. What the lines
//! mean is in benches/compare/README.md.

use std::collections::HashSet;
use std::error::Error;
use std::io::stdin;
use std::net::IpAddr;

use swarm_discovery::{Discoverer, Peer};
use tokio::runtime::Builder;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, address] = &arguments[..] else {
        return Err("usage: compare-swarm-discovery NAME ADDRESS".into());
    };
    let address: IpAddr = address.parse()?;
    println!("ready");
    stdin().read_line(&mut String::new())?;
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let running = Discoverer::new("peers-cmp".into(), name.clone())
        .with_addrs(9, [address])
        .with_callback(teller())
        .spawn(runtime.handle())?;
    println!("started {name}");
    stdin().read_line(&mut String::new())?;
    drop(running);
    Ok(())
}

/// Prints who comes and goes: the callback is called for each announcement that is heard.
fn teller() -> impl FnMut(&str, &Peer) + Send {
    let mut known = HashSet::new();
    move |name, peer| match peer.is_expiry() {
        true if known.remove(name) => println!("left {name}"),
        false if known.insert(name.to_owned()) => println!("joined {name}"),
        _ => {}
    }
}
