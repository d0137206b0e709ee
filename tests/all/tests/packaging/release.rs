//! The artifacts of packaging/release.sh: what they contain, and how they run where there is nothing else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use crate::outside::{Outside, script};
use peers_all_tests::build;
use support::{has_tool, root, run, scratch, skip};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The folder of a release. `PEERS_DIST` names one that is made already, with all targets. Otherwise the tests make one for
/// this machine: with glibc and with musl, and without link-time optimisation, which takes minutes.
static DIST: LazyLock<PathBuf> = LazyLock::new(|| {
    if let Some(made) = std::env::var_os("PEERS_DIST") {
        return root().join(made);
    }
    let dist = scratch().join("dist");
    let mut release = script("packaging/release.sh");
    release.args(["x86_64-unknown-linux-gnu.2.17", "x86_64-unknown-linux-musl"]).env("DIST", &dist);
    release.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    let output = build(&mut release);
    assert!(output.status.success(), "{output:?}");
    dist
});

/// Unpacks the archive of the release for a target. Returns its prefix.
pub fn unpack(target: &str, outside: &Outside) -> PathBuf {
    let name = format!("libpeers-{VERSION}-{target}");
    let archive = DIST.join(format!("{name}.tar.gz"));
    run(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(outside.path()));
    outside.path().join(name)
}

/// The files of the release, but for those in its folders.
fn artifacts() -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(&*DIST).expect("it can be read");
    entries.map(|entry| entry.expect("it can be read").path())
}

fn debian_packages() -> impl Iterator<Item = PathBuf> {
    artifacts().filter(|path| path.extension().is_some_and(|extension| extension == "deb"))
}

fn name_of(path: &Path) -> String {
    path.file_name().expect("it is in a folder").display().to_string()
}

/// True if the tools of a release are there.
pub fn can_release(test: &str) -> bool {
    let tools = root().join("target/tools/bin");
    for tool in ["cargo-zigbuild", "python-zig", "hatchling"] {
        if !tools.join(tool).exists() {
            skip(test, &format!("{tool} is not in target/tools, where .ci/setup installs it"));
            return false;
        }
    }
    ["dh", "npm", "javac", "go"].iter().all(|tool| has_tool(tool, test))
}

#[test]
fn a_release_has_these_artifacts_and_their_checksums() {
    if !can_release("a_release_has_these_artifacts_and_their_checksums") {
        return;
    }
    for artifact in [
        "libpeers-VERSION-x86_64-linux-gnu.tar.gz",
        "libpeers-VERSION-x86_64-linux-musl.tar.gz",
        "libpeers-VERSION.cdx.json",
        "libpeers-dev_VERSION_amd64.deb",
        "libpeers0_VERSION_amd64.deb",
        "peers_VERSION_amd64.deb",
        "peers-VERSION-py3-none-manylinux_2_17_x86_64.whl",
        "peers-VERSION-py3-none-musllinux_1_2_x86_64.whl",
        "peers-VERSION.tar.gz",
        "libpeers-peers-VERSION.tgz",
        "peers-VERSION.jar",
        "peers-VERSION.pom",
        "go/github.com/libpeers/libpeers/bindings/go/@v/vVERSION.zip",
        "peers-VERSION.crate",
        "peers-cli-VERSION.crate",
        "peers-proto-VERSION.crate",
    ] {
        let artifact = artifact.replace("VERSION", VERSION);
        assert!(DIST.join(&artifact).is_file(), "{artifact} is missing");
    }
    run(Command::new("sha256sum").args(["--check", "--quiet", "SHA256SUMS"]).current_dir(&*DIST));
}

#[test]
fn the_libraries_for_linux_need_no_glibc_after_2_17() {
    if !can_release("the_libraries_for_linux_need_no_glibc_after_2_17") {
        return;
    }
    let names = artifacts().map(|path| name_of(&path));
    let prefix = format!("libpeers-{VERSION}-");
    let targets =
        names.filter_map(|name| Some(name.strip_prefix(&prefix)?.strip_suffix(".tar.gz")?.to_owned()));
    let outside = Outside::new("glibc");
    let mut checked = 0;
    for target in targets.filter(|target| target.contains("-gnu")) {
        // The oldest that this machine has.
        let oldest = if target.starts_with("riscv64") { (2, 27) } else { (2, 17) };
        let installed = unpack(&target, &outside);
        for file in ["lib/libpeers.so", "bin/peers"] {
            let needed = newest_glibc(&installed.join(file));
            assert!(needed <= oldest, "{file} for {target} needs glibc {needed:?}");
            checked += 1;
        }
    }
    assert!(checked >= 2, "no library was found");
}

/// The newest glibc of which a symbol is needed.
fn newest_glibc(file: &Path) -> (u32, u32) {
    let versions = run(Command::new("readelf").args(["--version-info", "--wide"]).arg(file));
    let numbers = versions.split("GLIBC_").skip(1).filter_map(|rest| {
        let number = rest.split(|c: char| c != '.' && !c.is_ascii_digit()).next()?;
        let mut parts = number.split('.').map_while(|part| part.parse().ok());
        Some((parts.next()?, parts.next()?))
    });
    numbers.max().expect("it needs a symbol of glibc")
}

#[test]
fn the_artifacts_run_with_the_c_library_of_debian_11() {
    let test = "the_artifacts_run_with_the_c_library_of_debian_11";
    if !(can_release(test) && has_tool("apt-get", test)) {
        return;
    }
    let outside = Outside::new("bullseye");
    let mut within = Command::new(root().join("tests/all/old_glibc.sh"));
    within.arg(unpack("x86_64-linux-gnu", &outside)).arg(scratch().join("bullseye"));
    let output = build(&mut within);
    let expected = format!("found hall\n[]\npeers {VERSION}\n");
    assert!(output.status.success() && output.stdout == expected.as_bytes(), "{output:?}");
}

#[test]
fn the_artifacts_run_without_rust_and_without_the_checkout() {
    let test = "the_artifacts_run_without_rust_and_without_the_checkout";
    if !(can_release(test) && has_tool("unshare", test)) {
        return;
    }
    if run(Command::new("id").arg("-u")) != "0\n" {
        return skip(test, "only root can hide folders");
    }
    let mut namespace = Command::new("unshare");
    namespace.arg("--mount").arg(root().join("tests/all/empty.sh")).arg(&*DIST).arg(VERSION);
    let output = build(&mut namespace);
    let kinds = ["archive", "static", "debian", "wheel", "npm", "jar", "go_module"];
    let expected: String = kinds.iter().map(|kind| format!("{kind}: found hall\n")).collect();
    assert!(output.status.success() && output.stdout == expected.as_bytes(), "{output:?}");
}

#[test]
fn the_debian_packages_have_no_error_that_lintian_knows() {
    let test = "the_debian_packages_have_no_error_that_lintian_knows";
    if !(can_release(test) && has_tool("lintian", test)) {
        return;
    }
    run(Command::new("lintian").args(["--allow-root", "--fail-on", "error"]).args(debian_packages()));
}

#[test]
fn each_debian_package_names_the_crates_that_are_in_it() {
    if !can_release("each_debian_package_names_the_crates_that_are_in_it") {
        return;
    }
    let outside = Outside::new("copyright");
    let mut checked = 0;
    for package in debian_packages() {
        let name = name_of(&package);
        let folder = outside.path().join(&name);
        run(Command::new("dpkg-deb").arg("--extract").arg(&package).arg(&folder));
        let copyright =
            folder.join("usr/share/doc").join(name.split('_').next().expect("the name")).join("copyright");
        let copyright = fs::read_to_string(copyright).expect("each package has one");
        for crate_name in ["foca v", "chacha20poly1305 v", "socket2 v"] {
            assert!(copyright.contains(crate_name), "{name} does not name {crate_name}");
        }
        checked += 1;
    }
    assert!(checked >= 3, "only {checked} packages were found");
}

#[test]
fn the_wheels_pass_the_check_of_the_index() {
    let test = "the_wheels_pass_the_check_of_the_index";
    let twine = root().join("target/tools/bin/twine");
    if !can_release(test) || !has_tool(twine.to_str().expect("the path is text"), test) {
        return;
    }
    let sdist = format!("peers-{VERSION}.tar.gz");
    let files =
        artifacts().filter(|path| path.extension().is_some_and(|it| it == "whl") || path.ends_with(&sdist));
    run(Command::new(twine).args(["check", "--strict"]).args(files));
}

#[test]
fn the_registries_would_take_the_packages() {
    let test = "the_registries_would_take_the_packages";
    if !can_release(test) {
        return;
    }
    let tarball = DIST.join(format!("libpeers-peers-{VERSION}.tgz"));
    run(Command::new("npm").args(["publish", "--dry-run"]).arg(tarball));
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["publish", "--workspace", "--dry-run", "--locked", "--allow-dirty"]).current_dir(root());
    // It builds each crate and runs none.
    cargo.env("CARGO_PROFILE_DEV_OPT_LEVEL", "0").env("CARGO_PROFILE_DEV_DEBUG", "false");
    let output = build(cargo.arg("--target-dir").arg(scratch().join("publish")));
    assert!(output.status.success(), "{output:?}");
}
