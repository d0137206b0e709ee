//! mdns-sd as a peer of the comparison: `compare-mdns-sd NAME ADDRESS`, with its defaults. What the lines mean is in
//! benches/compare/README.md.

use std::error::Error;
use std::io::stdin;
use std::thread;

use mdns_sd::{Receiver, ServiceDaemon, ServiceEvent, ServiceInfo};

const SERVICE: &str = "_peers-cmp._udp.local.";

fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).ok_or("usage: compare-mdns-sd NAME ADDRESS")?;
    println!("ready");
    let mut commands = stdin().lines();
    commands.next();
    let daemon = ServiceDaemon::new()?;
    let events = daemon.browse(SERVICE)?;
    // Its addresses are those that the host has, also later.
    let service =
        ServiceInfo::new(SERVICE, &name, &format!("{name}.local."), "", 9, None)?.enable_addr_auto();
    let full_name = service.get_fullname().to_owned();
    daemon.register(service)?;
    println!("started {name}");
    thread::spawn(move || tell(&events));
    commands.next();
    daemon.unregister(&full_name)?.recv()?;
    daemon.shutdown()?.recv()?;
    Ok(())
}

fn tell(events: &Receiver<ServiceEvent>) {
    for event in events.iter() {
        match event {
            ServiceEvent::ServiceResolved(service) => println!("joined {}", instance(&service.fullname)),
            ServiceEvent::ServiceRemoved(_, full_name) => println!("left {}", instance(&full_name)),
            _ => {}
        }
    }
}

fn instance(full_name: &str) -> &str {
    full_name.split('.').next().unwrap_or(full_name)
}
