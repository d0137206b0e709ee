//! Generates the C header from `src/ffi` into the build's output folder, where a test compares it with the committed
//! `include/peers.h`; and gives the shared library its soname.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// In the header's order: statuses first, then each type before the calls that need it.
const SOURCES: [&str; 12] = [
    "constants",
    "structs",
    "log",
    "status",
    "handle",
    "node",
    "list",
    "event",
    "subscription",
    "health",
    "interfaces",
    "txt",
];

fn main() {
    generate_header();
    let system = env::var("CARGO_CFG_TARGET_OS").expect("cargo sets it");
    println!("cargo:rustc-check-cfg=cfg(linux_kernel)");
    if ["linux", "android"].contains(&system.as_str()) {
        println!("cargo:rustc-cfg=linux_kernel");
    }
    if system == "linux" {
        // The soname's number counts incompatible changes of the ABI; it is the major number of the version. A library
        // that has started a thread must not be unmapped by dlclose, hence nodelete.
        let abi = env::var("CARGO_PKG_VERSION_MAJOR").expect("cargo sets it");
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libpeers.so.{abi}");
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}

fn generate_header() {
    println!("cargo:rerun-if-changed=cbindgen.toml");
    println!("cargo:rerun-if-changed=src/ffi");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let header = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("peers.h");

    let mut config = cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml is valid");
    config.after_includes = Some(format!("{}\n{}", version_macros(), initialisers(&root)));
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in SOURCES {
        builder = builder.with_src(root.join(format!("src/ffi/{source}.rs")));
    }
    let mut text = Vec::new();
    builder.generate().expect("src/ffi can be read as C").write(&mut text);
    let text = String::from_utf8(text).expect("the header is UTF-8");
    // Rust's heading for what the caller of an unsafe function vouches for, in the words of a C manual.
    let text = text.replace(" * # Safety\n * ", " * Arguments: ");
    fs::write(&header, text).expect("the build's output folder can be written");
    println!("cargo:rustc-env=PEERS_GENERATED_HEADER={}", header.display());
}

/// What the table has made of them, without the marks of the generator.
fn initialisers(root: &Path) -> String {
    let text = fs::read_to_string(root.join("src/ffi/initialisers.h")).expect("the file can be read");
    text.lines()
        .filter(|line| !line.starts_with("/* generated: "))
        .map(|line| line.to_owned() + "\n")
        .collect()
}

fn version_macros() -> String {
    let part = |name: &str| env::var(format!("CARGO_PKG_VERSION{name}")).expect("cargo sets it");
    format!(
        "/* The version of this header. peers_version() is the version of the library that is running. */\n\
         #define PEERS_VERSION_MAJOR {}\n#define PEERS_VERSION_MINOR {}\n#define PEERS_VERSION_PATCH {}\n\
         #define PEERS_VERSION \"{}\"\n",
        part("_MAJOR"),
        part("_MINOR"),
        part("_PATCH"),
        part("")
    )
}
