#!/bin/sh
# Builds the release libraries and the command peers, and installs them. See usage() below.
set -eu

usage() {
    cat <<'END'
usage: [PREFIX=/usr/local] [LIBDIR=$PREFIX/lib] [DESTDIR=] ./install.sh

Builds libpeers with cargo and installs the header, the shared and the static library, what pkg-config and CMake
need to find them, and the command peers with its manual pages and its completions for bash, zsh and fish.

  PREFIX   an absolute folder, by default /usr/local. What is installed can be moved elsewhere as a whole.
  LIBDIR   an absolute folder for the libraries, by default $PREFIX/lib.
  DESTDIR  put before every path while installing, for those who make packages; in no file that is installed.

Cargo's own variables hold for the build: CARGO_TARGET_DIR, CARGO_BUILD_TARGET, CARGO_NET_OFFLINE and others.
STRIP is the program that takes debugging information off the static library, by default strip.
END
}

main() {
    read_options "$@"
    cd "$(dirname "$0")"
    read_version
    build
    install_libraries
    install_file include/peers.h "$prefix/include"
    install_file bindings/cpp/peers.hpp "$prefix/include"
    install_template packaging/peers.pc.in "$libdir/pkgconfig" '${pcfiledir}'
    install_template packaging/peers-config.cmake.in "$libdir/cmake/peers" '${here}'
    install_template packaging/peers-config-version.cmake.in "$libdir/cmake/peers" '${here}'
    install_command
}

read_options() {
    case "$#:${1-}" in
    0:) ;;
    1:-h | 1:--help) usage && exit ;;
    *) usage >&2 && exit 2 ;;
    esac
    prefix=${PREFIX:-/usr/local}
    libdir=${LIBDIR:-${prefix%/}/lib}
    destdir=${DESTDIR-}
    for folder in "PREFIX=$prefix" "LIBDIR=$libdir"; do
        case $folder in
        *=/*) ;;
        *) fail "$folder is not an absolute folder" ;;
        esac
    done
    # "/usr/" is "/usr", and of "/" nothing remains.
    prefix=${prefix%/}
    libdir=${libdir%/}
    # The build is run in another folder, where a relative DESTDIR would be another one.
    case $destdir in
    '' | /*) ;;
    *) destdir=$PWD/$destdir ;;
    esac
}

fail() {
    echo "install.sh: $1" >&2
    exit 2
}

read_version() {
    version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)
    abi=${version%%.*}
}

# Both libraries in one go, but without the rlib, for whose sake cargo would do without link-time optimisation; and in a
# target folder of their own, since the names of the files do not tell how they were built.
build() {
    target=${CARGO_TARGET_DIR:-target}/install
    mkdir -p "$target"
    target=$(cd "$target" && pwd)
    # What a program that links the static library has to link besides, from the compiler that knows.
    needed=$target/native-static-libs
    cargo rustc --package peers --locked --release --lib --crate-type cdylib,staticlib --target-dir "$target" -- \
        --print "native-static-libs=$needed"
    built=$target/${CARGO_BUILD_TARGET:+$CARGO_BUILD_TARGET/}release
    libs_private=$(cat "$needed")
    # In yet another one: the command is linked with the library as a Rust crate, which has files of the same names.
    cargo build --locked --release --package peers-cli --bin peers --target-dir "$target/command"
}

install_libraries() {
    install_file "$built/libpeers.so" "$libdir" "libpeers.so.$version"
    ln -sf "libpeers.so.$version" "$destdir$libdir/libpeers.so.$abi"
    ln -sf "libpeers.so.$version" "$destdir$libdir/libpeers.so"
    install_file "$built/libpeers.a" "$libdir"
    "${STRIP:-strip}" -S "$destdir$libdir/libpeers.a"
}

install_command() {
    install_file "$target/command/${CARGO_BUILD_TARGET:+$CARGO_BUILD_TARGET/}release/peers" "$prefix/bin"
    chmod 755 "$destdir$prefix/bin/peers"
    for page in cli/man/*; do
        install_file "$page" "$prefix/share/man/man1"
    done
    install_file cli/completions/peers.bash "$prefix/share/bash-completion/completions" peers
    install_file cli/completions/_peers "$prefix/share/zsh/site-functions"
    install_file cli/completions/peers.fish "$prefix/share/fish/vendor_completions.d"
}

# install_file FILE FOLDER [NAME]
install_file() {
    place "$2" "${3:-$(basename "$1")}" <"$1"
}

# install_template TEMPLATE FOLDER HERE: the file without ".in", with the values of this installation. HERE is what names
# the folder in the file: all paths go out from it, so that everything can be moved.
install_template() {
    sed -e "s|@VERSION@|$version|g" -e "s|@ABI@|$abi|g" -e "s|@LIBS_PRIVATE@|$libs_private|g" \
        -e "s|@PREFIX@|$(prefix_from "$2" "$3")|g" "$1" | place "$2" "$(basename "$1" .in)"
}

# place FOLDER NAME: a file with what comes in.
place() {
    file=$destdir$1/$2
    mkdir -p "$destdir$1"
    # A program that runs keeps the file it has open; this is another one.
    rm -f "$file"
    cat >"$file"
    chmod 644 "$file"
    echo "installed $file"
}

# prefix_from FOLDER HERE: the prefix as seen from the folder, which HERE stands for: "HERE/../..". It is absolute if the
# folder is not below it.
prefix_from() {
    case $1 in
    "$prefix"/*) echo "$2/$(echo "${1#"$prefix"/}" | sed 's|[^/][^/]*|..|g')" ;;
    *) echo "$prefix" ;;
    esac
}

main "$@"
