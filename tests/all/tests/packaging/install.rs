//! install.sh: what it installs, and what it refuses.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::outside::{INSTALLATION, Outside, script, try_install};
use support::{output_of, read, run};

#[test]
fn it_installs_these_files_and_no_others() {
    let installed = files_below(&INSTALLATION.prefix);
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
        "share/doc/libpeers/LICENSE-APACHE",
        "share/doc/libpeers/LICENSE-MIT",
        "share/doc/libpeers/THIRD-PARTY.txt",
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

/// The files below a folder in order, with what the links are to.
fn files_below(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    list(folder, "", &mut files);
    files.sort();
    files
}

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

#[test]
fn it_installs_the_library_names_of_each_system() {
    let version = env!("CARGO_PKG_VERSION");
    let linux = format!("lib/libpeers.so -> libpeers.so.{version}");
    let systems: [(&str, &[&str]); 5] = [
        ("aarch64-unknown-linux-gnu.2.17", &["bin/peers", "lib/libpeers.a", &linux]),
        ("x86_64-unknown-linux-musl", &["bin/peers", "lib/libpeers.a", &linux]),
        (
            "aarch64-apple-darwin",
            &[
                "bin/peers",
                "lib/libpeers.0.dylib",
                "lib/libpeers.a",
                "lib/libpeers.dylib -> libpeers.0.dylib",
            ],
        ),
        (
            "x86_64-pc-windows-gnu",
            &["bin/peers.dll", "bin/peers.exe", "lib/libpeers.a", "lib/libpeers.dll.a"],
        ),
        ("x86_64-pc-windows-msvc", &["bin/peers.dll", "bin/peers.exe", "lib/peers.dll.lib", "lib/peers.lib"]),
    ];
    for (target, expected) in systems {
        let fake = FakeCargo::new(&format!("names-{target}"));
        let output = output_of(&mut fake.install(target));
        assert!(output.status.success(), "{target}: {output:?}");
        let installed = files_below(&fake.prefix());
        for file in expected {
            assert!(installed.iter().any(|it| it == file), "{target} has no {file}: {installed:#?}");
        }
    }
}

#[test]
fn it_links_the_c_library_dynamically_into_a_shared_one_for_musl() {
    let fake = FakeCargo::new("musl");
    let output = output_of(&mut fake.install("x86_64-unknown-linux-musl"));
    assert!(output.status.success(), "{output:?}");
    let built = fake.calls();
    let flags_of =
        |kind: &str| built.iter().find(|call| call.contains(kind)).expect("it is built").split(':');
    assert_eq!(flags_of("--crate-type cdylib").next(), Some(" -C target-feature=-crt-static"));
    assert_eq!(flags_of("--crate-type staticlib").next(), Some(""));
    assert_eq!(flags_of("--bin peers").next(), Some(""));
}

#[test]
fn it_uninstalls_its_files_and_leaves_those_of_others() {
    let fake = FakeCargo::new("uninstall");
    let target = "x86_64-unknown-linux-gnu";
    let other = fake.prefix().join("lib/pkgconfig/other.pc");
    fs::create_dir_all(other.parent().expect("it lies in a folder")).expect("it can be written");
    fs::write(&other, "").expect("it can be written");
    assert!(output_of(&mut fake.install(target)).status.success());
    assert!(files_below(&fake.prefix()).len() > 10);

    let calls = fake.calls().len();
    let output = output_of(fake.install(target).arg("--uninstall"));
    assert!(output.status.success(), "{output:?}");
    assert_eq!(files_below(&fake.prefix()), ["lib/pkgconfig/other.pc"]);
    assert!(!fake.prefix().join("lib/cmake/peers").exists());
    assert_eq!(fake.calls().len(), calls, "it built something");
}

/// A folder with a program in the place of cargo, which makes empty files of all names that cargo has for any system.
struct FakeCargo(Outside);

const FAKE_CARGO: &str = r#"#!/bin/sh
echo "${RUSTFLAGS-}:$*" >>"$(dirname "$0")/calls"
while [ $# -gt 0 ]; do
    case $1 in
    --target) target=${2%%.[0-9]*} ;;
    --target-dir) folder=$2 ;;
    native-static-libs=*) mkdir -p "$folder" && echo -lc >"${1#*=}" ;;
    esac
    shift
done
mkdir -p "$folder/$target/release"
cd "$folder/$target/release"
touch libpeers.so libpeers.a libpeers.dylib peers.dll libpeers.dll.a peers.dll.lib peers.lib peers peers.exe
"#;

impl FakeCargo {
    fn new(name: &str) -> Self {
        let outside = Outside::new(name);
        let cargo = outside.path().join("cargo");
        fs::write(&cargo, FAKE_CARGO).expect("it can be written");
        fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).expect("a file's owner may do that");
        Self(outside)
    }

    fn prefix(&self) -> PathBuf {
        self.0.path().join("prefix")
    }

    fn install(&self, target: &str) -> Command {
        let mut command = script("install.sh");
        command.env("CARGO", self.0.path().join("cargo")).env("STRIP", "true").env_remove("RUSTFLAGS");
        command.env("PREFIX", self.prefix()).env_remove("LIBDIR").env_remove("DESTDIR");
        command.env("CARGO_TARGET_DIR", self.0.path().join("target")).env("CARGO_BUILD_TARGET", target);
        command
    }

    /// Each call of cargo: its RUSTFLAGS, a colon and its arguments.
    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.0.path().join("calls")).expect("cargo was called");
        calls.lines().map(str::to_owned).collect()
    }
}
