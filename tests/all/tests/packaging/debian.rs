//! The Debian packages: installed, used and removed, on this machine but in a mount namespace over it, so that nothing of
//! it remains.

use std::process::Command;

use crate::outside::{Outside, copy_project, script};
use peers_all_tests::build;
use support::{has_tool, root, run, skip};

#[test]
fn the_debian_packages_install_and_uninstall() {
    let test = "the_debian_packages_install_and_uninstall";
    if !["dh", "dpkg-buildpackage", "unshare", "pkg-config", "cmake"].iter().all(|tool| has_tool(tool, test))
    {
        return;
    }
    if run(Command::new("id").arg("-u")) != "0\n" {
        return skip(test, "only root can install packages");
    }
    let outside = Outside::new("debian");
    copy_project(outside.path());
    let packages = outside.path().join("packages");
    let output = build(script("packaging/deb.sh").arg(&packages));
    assert!(output.status.success(), "{output:?}");

    let mut namespace = Command::new("unshare");
    namespace.arg("--mount").arg(root().join("tests/all/debian.sh"));
    let output = build(namespace.arg(&packages).current_dir(outside.path()));
    assert!(output.status.success() && output.stdout.ends_with(b"nothing is left\n"), "{output:?}");
}
