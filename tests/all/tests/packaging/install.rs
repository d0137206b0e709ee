//! install.sh: what it installs, and what it refuses.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::outside::{INSTALLATION, Outside, script, try_install};
use support::{output_of, read, run};

#[test]
fn it_installs_these_files_and_no_others() {
    let mut installed = Vec::new();
    list(&INSTALLATION.prefix, "", &mut installed);
    installed.sort();
    let version = env!("CARGO_PKG_VERSION");
    let library = format!("lib/libpeers.so.{version}");
    let link = |name: &str| format!("lib/{name} -> libpeers.so.{version}");
    let expected = [
        "bin/peers",
        "include/peers.h",
        "include/peers.hpp",
        "lib/cmake/peers/peers-config-version.cmake",
        "lib/cmake/peers/peers-config.cmake",
        "lib/libpeers.a",
        &link("libpeers.so"),
        &link("libpeers.so.0"),
        &library,
        "lib/pkgconfig/peers.pc",
        "share/bash-completion/completions/peers",
        "share/fish/vendor_completions.d/peers.fish",
        "share/man/man1/peers-announce.1",
        "share/man/man1/peers-doctor.1",
        "share/man/man1/peers-list.1",
        "share/man/man1/peers-watch.1",
        "share/man/man1/peers.1",
        "share/zsh/site-functions/_peers",
    ];
    assert_eq!(installed, expected);
    let version = run(Command::new(INSTALLATION.prefix.join("bin/peers")).arg("--version"));
    assert_eq!(version, concat!("peers ", env!("CARGO_PKG_VERSION"), "\n"));
}

/// The files below a folder, with what the links are to.
fn list(folder: &Path, path: &str, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("it can be read") {
        let entry = entry.expect("it can be read");
        let path = format!("{path}{}", entry.file_name().to_str().expect("the names are ours"));
        let kind = entry.file_type().expect("it can be read");
        if kind.is_dir() {
            list(&entry.path(), &format!("{path}/"), files);
        } else if kind.is_symlink() {
            let target = fs::read_link(entry.path()).expect("it is a link");
            files.push(format!("{path} -> {}", target.display()));
        } else {
            files.push(path);
        }
    }
}

#[test]
fn the_pc_file_has_all_private_libraries() {
    let outside = Outside::new("native-static-libs");
    let source = outside.path().join("empty.rs");
    fs::write(&source, "").expect("it can be written");
    let list = outside.path().join("list");
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.current_dir(outside.path()).args(["--crate-type", "staticlib"]).arg(source);
    run(rustc.arg(format!("--print=native-static-libs={}", list.display())));

    let pc = fs::read_to_string(INSTALLATION.libdir.join("pkgconfig/peers.pc")).expect("it is installed");
    let private = pc.lines().find_map(|line| line.strip_prefix("Libs.private: ")).expect("there are some");
    let private: Vec<_> = private.split(' ').collect();
    for library in fs::read_to_string(list).expect("rustc wrote it").split_whitespace() {
        assert!(private.contains(&library), "{library} is missing in {pc}");
    }
}

#[test]
fn it_takes_the_version_from_cargo() {
    let pc = fs::read_to_string(INSTALLATION.libdir.join("pkgconfig/peers.pc")).expect("it is installed");
    assert!(pc.contains(concat!("\nVersion: ", env!("CARGO_PKG_VERSION"), "\n")), "{pc}");
    let header = fs::read_to_string(INSTALLATION.prefix.join("include/peers.h")).expect("it is installed");
    assert!(header == read("include/peers.h"));
}

#[test]
fn it_refuses_a_folder_that_is_not_absolute() {
    for variable in ["PREFIX", "LIBDIR"] {
        let output = try_install(&[(variable, Path::new("some/folder"))]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(words.contains(&format!("{variable}=some/folder is not an absolute folder")), "{words}");
    }
}

#[test]
fn it_refuses_arguments_and_says_which_variables_there_are() {
    let output = output_of(script("install.sh").arg("PREFIX=/usr"));
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("usage: [PREFIX=/usr/local]"), "{output:?}");
}
