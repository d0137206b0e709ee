//! The node of a command: how it starts, and which flag is wrong if it does not.

use std::ops::Deref;
use std::sync::Arc;

use peers::{Config, ErrorKind, Network, Peers};

use crate::failure::{Failure, complain};

/// A running node. It sends its goodbye when it is dropped, even if a thread still takes its events.
pub struct Node(Arc<Peers>);

impl Node {
    /// Starts a node. The error for a wrong value names the flag.
    pub fn start(config: Config) -> Result<Node, Failure> {
        match Peers::start(config.clone()) {
            Ok(node) => Ok(Node(Arc::new(node))),
            Err(error) => Err(match error.kind() {
                ErrorKind::Invalid | ErrorKind::TooLarge | ErrorKind::UnknownInterface => {
                    Failure::WrongValue { flag: wrong_flag(&config), detail: error.to_string() }
                }
                _ => Failure::Failed(error.to_string()),
            }),
        }
    }

    /// Starts a node, and warns on the standard error if it cannot do its work now.
    pub fn start_or_warn(config: Config) -> Result<Node, Failure> {
        let node = Node::start(config)?;
        if let Some((_, detail)) = node.health().reason {
            complain(&format!("warning: {detail}"));
        }
        Ok(node)
    }

    /// Returns the node for a thread that takes its events.
    pub fn shared(&self) -> Arc<Peers> {
        self.0.clone()
    }
}

impl Deref for Node {
    type Target = Peers;

    fn deref(&self) -> &Peers {
        &self.0
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// Copies one option from a configuration to another.
type Copy = fn(&mut Config, &Config);

/// The options with values that the library checks, in an order in which each is checked against those before it.
const CHECKED: [(&str, Copy); 9] = [
    ("--name", |to, from| to.name.clone_from(&from.name)),
    ("--cluster", |to, from| to.cluster.clone_from(&from.cluster)),
    ("--value", |to, from| to.value.clone_from(&from.value)),
    ("--group", |to, from| (to.group_v4, to.group_v6) = (from.group_v4, from.group_v6)),
    ("--interval, --expiry", |to, from| (to.interval, to.expiry) = (from.interval, from.expiry)),
    ("--key-file", |to, from| to.keys.clone_from(&from.keys)),
    ("--mode", |to, from| to.mode = from.mode),
    ("--seed", |to, from| to.seeds.clone_from(&from.seeds)),
    ("--unicast-port", |to, from| (to.port, to.unicast_port) = (from.port, from.unicast_port)),
];

/// Returns the flag whose value the library rejects: the first without which a node starts, and with which none does. So
/// the library's rules are written in the library alone.
fn wrong_flag(rejected: &Config) -> &'static str {
    let network = Network::Memory("wrong flag".into());
    let mut tried = Config { name: Some("name".into()), network, ..Config::default() };
    for (flag, copy) in CHECKED {
        copy(&mut tried, rejected);
        if Peers::start(tried.clone()).is_err() {
            return flag;
        }
    }
    // A memory network has no interfaces to check.
    "--interface"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_of_each_wrong_value_is_named() {
        let default = Config::default;
        let seed = || "a:1".parse().expect("a seed");
        let wrong = [
            (Config { name: Some(String::new()), ..default() }, "--name"),
            (Config { cluster: "two\nlines".into(), ..default() }, "--cluster"),
            (Config { value: vec![0; 1200], ..default() }, "--value"),
            (Config { group_v4: Some([192, 0, 2, 1].into()), ..default() }, "--group"),
            (Config { expiry: default().interval, ..default() }, "--interval, --expiry"),
            (Config { keys: vec![peers::Key::new([7; 32]); 9], ..default() }, "--key-file"),
            (Config { seeds: vec![seed(); peers::MAX_SEEDS + 1], ..default() }, "--seed"),
            (Config { unicast_port: default().port, ..default() }, "--unicast-port"),
            (Config { interfaces: Some("nosuch7".into()), ..default() }, "--interface"),
        ];
        for (config, expected) in wrong {
            let Err(Failure::WrongValue { flag, detail }) = Node::start(config) else {
                panic!("a node starts with a wrong {expected}")
            };
            assert_eq!(flag, expected, "{detail}");
        }
    }
}
