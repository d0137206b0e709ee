//! What is compared: a program for each system, which speaks the lines of benches/compare/README.md.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

#[derive(Serialize)]
pub struct System {
    pub name: &'static str,
    pub version: String,
    #[serde(skip)]
    program: PathBuf,
    /// Why it could not be built.
    not_built: Option<String>,
}

/// Ours first.
const NAMES: [&str; 10] = [
    "libpeers",
    "libpeers-no-legacy",
    "libp2p-mdns",
    "mdns-sd",
    "python-zeroconf",
    "avahi",
    "zenoh",
    "ableton-link",
    "zbeacon",
    "swarm-discovery",
];

/// Of each: the executable NAME, its version in NAME.version, and why there is none in NAME.failed.
pub fn all(programs: &Path) -> Vec<System> {
    let read = |name: String| fs::read_to_string(programs.join(name)).map(|text| text.trim().to_owned()).ok();
    NAMES
        .into_iter()
        .map(|name| System {
            name,
            version: read(format!("{name}.version")).unwrap_or_default(),
            program: programs.join(name),
            not_built: read(format!("{name}.failed")),
        })
        .collect()
}

impl System {
    /// Where its program is, unless it could not be built.
    pub fn program(&self) -> Result<&str, String> {
        if let Some(reason) = &self.not_built {
            return Err(format!("not built: {reason}"));
        }
        self.program.to_str().ok_or_else(|| format!("{:?} is not UTF-8", self.program))
    }
}
