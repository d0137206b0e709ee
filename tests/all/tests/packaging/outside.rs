//! Folders outside the tree: what is installed into them, and programs that are built in them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;
use std::{env, fs, process};

use peers_all_tests::build;
use support::{root, run};

/// A folder outside the tree, and gone when the test ends.
pub struct Outside(PathBuf);

impl Outside {
    pub fn new(name: &str) -> Self {
        let folder = env::temp_dir().join(format!("peers-{name}-{}", process::id()));
        let _ = fs::remove_dir_all(&folder); // of another process that had the same id
        fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
        Self(folder)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Where a library is installed.
pub struct Installation {
    pub prefix: PathBuf,
    pub libdir: PathBuf,
}

/// The installation that the tests share, which none of them changes. It lies in the tree, for nothing is run at the end
/// of all tests that could remove it.
pub static INSTALLATION: LazyLock<Installation> = LazyLock::new(|| {
    let prefix = support::scratch().join("prefix");
    let _ = fs::remove_dir_all(&prefix); // of an earlier run
    install(&[("PREFIX", &prefix)]);
    Installation { libdir: prefix.join("lib"), prefix }
});

/// Runs install.sh, which has to end well.
pub fn install(variables: &[(&str, &Path)]) {
    let output = try_install(variables);
    assert!(output.status.success(), "{variables:?}: {output:?}");
}

/// Runs install.sh with these of its variables.
pub fn try_install(variables: &[(&str, &Path)]) -> Output {
    build(
        script("install.sh")
            .env_remove("PREFIX")
            .env_remove("LIBDIR")
            .env_remove("DESTDIR")
            .envs(variables.iter().copied()),
    )
}

/// A script of the project, run from another folder.
pub fn script(name: &str) -> Command {
    let mut script = Command::new(root().join(name));
    script.current_dir(env::temp_dir());
    script
}

/// The project that is built outside the tree, copied there.
pub fn copy_project(to: &Path) {
    for file in ["app.c", "app.cpp", "CMakeLists.txt"] {
        fs::copy(root().join("tests/all/outside").join(file), to.join(file)).expect("it can be copied");
    }
}

/// Runs a program of the project, which finds its second node with the library in `libdir`.
pub fn check_program(program: &Path, libdir: &Path) {
    let said = run(Command::new(program).env("LD_LIBRARY_PATH", libdir));
    assert_eq!(said, "found hall\n", "{}", program.display());
}

/// True if the loader has to find libpeers.so.0 for the program.
pub fn needs_shared_library(program: &Path) -> bool {
    let dynamic = run(Command::new("readelf").arg("-d").arg(program));
    assert!(dynamic.contains("Shared library: [libc.so.6]"), "{dynamic}");
    dynamic.contains("Shared library: [libpeers.so.0]")
}
