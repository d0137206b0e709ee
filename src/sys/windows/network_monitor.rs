//! `NetworkMonitor`: none. The look at the interfaces before each announcement finds the changes.

use std::io;

use crate::sys::Descriptor;

pub enum NetworkMonitor {}

impl NetworkMonitor {
    pub fn subscribe() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn drain(&self) -> io::Result<bool> {
        match *self {}
    }

    pub fn check(&self) -> io::Result<()> {
        match *self {}
    }

    pub fn descriptor(&self) -> Descriptor {
        match *self {}
    }
}
