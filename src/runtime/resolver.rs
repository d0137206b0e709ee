//! Looks up the names of seeds, each in a thread of its own. The system's resolver cannot be cancelled, and blocks for many seconds
//! where no server answers. Neither the node's thread nor another name must wait for that.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use crate::panics;
use crate::seed::Seed;
use crate::sys::thread;

/// Starts the look-up of a name, and passes the addresses to `report`.
pub(crate) fn start(
    seed: Seed,
    report: impl FnOnce(&Seed, Result<Vec<SocketAddr>, String>) + Send + 'static,
) -> io::Result<()> {
    let look_up = move || {
        let result = (seed.host(), seed.port()).to_socket_addrs();
        report(&seed, result.map(Iterator::collect).map_err(|error| error.to_string()));
    };
    // A panic must not end the process; it changes no seed.
    thread::spawn(c"peers-look-up", move || drop(panics::catch_panic(look_up))).map(drop)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn names_are_looked_up_by_the_system() {
        let (sender, results) = channel();
        for name in ["localhost:9", "nosuch.invalid:9"] {
            let sender = sender.clone();
            let report = move |_: &Seed, result| sender.send((name, result)).expect("the test waits");
            start(name.parse().expect("a seed"), report).expect("there are threads");
        }
        for (name, result) in results.iter().take(2) {
            // A root folder without /etc/hosts has no localhost.
            let is_known = name == "localhost:9" && name.to_socket_addrs().is_ok();
            assert_eq!(result.is_ok_and(|found| found.contains(&([127, 0, 0, 1], 9).into())), is_known);
        }
    }
}
