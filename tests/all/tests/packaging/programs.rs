//! Programs in C and C++ outside the tree, built with pkg-config and with CMake, shared and static, and each run.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::outside::{
    INSTALLATION, Installation, Outside, check_program, copy_project, install, needs_shared_library,
};
use support::{has_tool, run};

const LANGUAGES: [(&str, &str, &str); 2] = [("cc", "-std=c11", "app.c"), ("c++", "-std=c++17", "app.cpp")];

#[test]
fn pkg_config_finds_the_shared_library() {
    if !has_tool("pkg-config", "pkg_config_finds_the_shared_library") {
        return;
    }
    let outside = Outside::new("pkg-config-shared");
    for program in build_with(&pkg_config(&INSTALLATION, &[]), outside.path()) {
        assert!(needs_shared_library(&program), "{}", program.display());
        check_program(&program, &INSTALLATION.libdir);
    }
}

#[test]
fn pkg_config_names_all_that_the_static_library_needs() {
    if !has_tool("pkg-config", "pkg_config_names_all_that_the_static_library_needs") {
        return;
    }
    let outside = Outside::new("pkg-config-static");
    // As peers.pc says.
    let options = pkg_config(&INSTALLATION, &["--static"]).replace("-lpeers", "-l:libpeers.a");
    for program in build_with(&options, outside.path()) {
        assert!(!needs_shared_library(&program), "{}", program.display());
        check_program(&program, Path::new(""));
    }
}

#[test]
fn cmake_finds_both_libraries() {
    if !has_tool("cmake", "cmake_finds_both_libraries") {
        return;
    }
    let outside = Outside::new("cmake");
    let build = build_with_cmake(&INSTALLATION, outside.path(), &[]);
    for (name, is_shared) in
        [("c-app", true), ("cpp-app", true), ("c-app-static", false), ("cpp-app-static", false)]
    {
        let program = build.join(name);
        assert_eq!(needs_shared_library(&program), is_shared, "{name}");
        // CMake puts the folder of the library into the program, until that is installed.
        check_program(&program, Path::new(""));
    }
}

#[test]
fn cmake_takes_the_static_library_where_it_is_asked_for() {
    if !has_tool("cmake", "cmake_takes_the_static_library_where_it_is_asked_for") {
        return;
    }
    let outside = Outside::new("cmake-static");
    let build = build_with_cmake(&INSTALLATION, outside.path(), &["-Dpeers_USE_STATIC_LIBS=ON"]);
    for name in ["c-app", "cpp-app"] {
        assert!(!needs_shared_library(&build.join(name)), "{name}");
        check_program(&build.join(name), Path::new(""));
    }
}

#[test]
fn what_was_installed_for_a_package_can_be_moved_anywhere() {
    let test = "what_was_installed_for_a_package_can_be_moved_anywhere";
    if !(has_tool("pkg-config", test) && has_tool("cmake", test)) {
        return;
    }
    let outside = Outside::new("moved");
    let stage = outside.path().join("stage");
    let libdir = Path::new("/opt/peers/lib/some-machine");
    install(&[("DESTDIR", &stage), ("PREFIX", Path::new("/opt/peers")), ("LIBDIR", libdir)]);

    let prefix = outside.path().join("elsewhere");
    std::fs::rename(stage.join("opt/peers"), &prefix).expect("it is in DESTDIR");
    let moved = Installation { libdir: prefix.join("lib/some-machine"), prefix };
    for file in
        ["pkgconfig/peers.pc", "cmake/peers/peers-config.cmake", "cmake/peers/peers-config-version.cmake"]
    {
        let text = std::fs::read_to_string(moved.libdir.join(file)).expect("it is installed");
        assert!(!text.contains("/opt") && !text.contains("stage"), "{file} names where it was:\n{text}");
    }
    for program in build_with(&pkg_config(&moved, &[]), outside.path()) {
        check_program(&program, &moved.libdir);
    }
    // CMake looks into lib/MACHINE of the machine that it runs on, and not into this.
    let folder = format!("-Dpeers_DIR={}", moved.libdir.join("cmake/peers").display());
    let build = build_with_cmake(&moved, outside.path(), &[&folder]);
    for name in ["c-app", "cpp-app-static"] {
        check_program(&build.join(name), Path::new(""));
    }
}

/// What pkg-config says that the compiler needs.
fn pkg_config(installation: &Installation, options: &[&str]) -> String {
    let mut pkg_config = Command::new("pkg-config");
    pkg_config.env("PKG_CONFIG_PATH", installation.libdir.join("pkgconfig"));
    run(pkg_config.args(options).args(["--cflags", "--libs", "peers"]))
}

/// Builds the C program and the C++ program.
fn build_with(options: &str, folder: &Path) -> [PathBuf; 2] {
    copy_project(folder);
    LANGUAGES.map(|(compiler, standard, source)| {
        let program = folder.join(source.replace('.', "-"));
        let mut command = Command::new(compiler);
        command.current_dir(folder).args([standard, "-Wall", "-Wextra", "-Werror", source]);
        run(command.args(options.split_whitespace()).arg("-o").arg(&program));
        program
    })
}

/// Builds the project with CMake. Returns the folder with the programs.
fn build_with_cmake(installation: &Installation, folder: &Path, options: &[&str]) -> PathBuf {
    copy_project(folder);
    let build = folder.join("build");
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(folder).arg("-B").arg(&build).args(options);
    run(configure.arg(format!("-DCMAKE_PREFIX_PATH={}", installation.prefix.display())));
    run(Command::new("cmake").arg("--build").arg(&build));
    build
}
