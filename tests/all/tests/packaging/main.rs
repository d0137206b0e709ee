//! What install.sh installs, used by programs outside the tree; its ABI; and the Debian packages made of it.
//!
//! All of it is about the release library, which install.sh builds once for them all.

mod abi;
mod debian;
mod install;
mod limits;
mod notices;
mod outside;
mod programs;
mod release;
mod size;
mod static_command;
