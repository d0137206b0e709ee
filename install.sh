#!/bin/sh
# Builds the release libraries and the command peers, and installs them. See usage() below.
set -eu

usage() {
    cat <<'END'
usage: [PREFIX=/usr/local] [LIBDIR=$PREFIX/lib] [DESTDIR=] ./install.sh [--uninstall]

Builds libpeers with cargo and installs the header, the shared and the static library, the files by which pkg-config
and CMake find them, and the command peers with its manual pages and its completions for bash, zsh and fish.
With --uninstall it builds nothing, and removes these files. Give it the same variables.

  PREFIX   an absolute folder, by default /usr/local. The installed files can be moved elsewhere together.
  LIBDIR   an absolute folder for the libraries, by default $PREFIX/lib.
  DESTDIR  a folder put before every path while installing, for packages. No installed file contains it.

CARGO_BUILD_TARGET names another target than this machine. Cargo's other variables hold too: CARGO_TARGET_DIR,
CARGO_NET_OFFLINE, RUSTFLAGS. CARGO is the program to build with, by default cargo; with cargo-zigbuild the target can
end in the oldest glibc that has to do: x86_64-unknown-linux-gnu.2.17.
STRIP takes debugging information off a static library, by default rustc's own objcopy, which reads every target.
END
}

main() {
    read_options "$@"
    cd "$(dirname "$0")"
    read_version
    read_target
    name_libraries
    [ "$action" = uninstall ] || build
    place_libraries
    place_development_files
    place_command
    place_notices
}

read_options() {
    action=install
    case "$#:${1-}" in
    0:) ;;
    1:--uninstall) action=uninstall ;;
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

read_target() {
    cargo=${CARGO:-cargo}
    target=${CARGO_BUILD_TARGET-}
    # It is given as an option, and cargo would not know the number of a glibc.
    unset CARGO_BUILD_TARGET
    host=$(rustc -vV | sed -n 's/^host: //p')
    triple=${target:-$host}
    triple=${triple%%.[0-9]*}
    output=${CARGO_TARGET_DIR:-target}/install
}

# The names that cargo gives the libraries ("built"), and those that a system looks for.
name_libraries() {
    static=libpeers.a
    exe=
    shared_links=
    import=
    shared_folder=$libdir
    case $triple in
    *-windows-*)
        shared_built=peers.dll shared=peers.dll shared_folder=$prefix/bin exe=.exe import=libpeers.dll.a
        case $triple in
        *-msvc) static=peers.lib import=peers.dll.lib ;;
        esac
        ;;
    *-apple-*) shared_built=libpeers.dylib shared=libpeers.$abi.dylib shared_links=libpeers.dylib ;;
    *)
        shared_built=libpeers.so shared=libpeers.so.$version
        shared_links="libpeers.so.$abi libpeers.so"
        ;;
    esac
}

build() {
    mkdir -p "$output"
    output=$(cd "$output" && pwd)
    case $triple in
    *-musl*)
        # A musl target links its C library statically unless told otherwise. A shared library must not: the program
        # that loads it has one.
        build_libraries staticlib "$output"
        (
            export RUSTFLAGS="${RUSTFLAGS-} -C target-feature=-crt-static"
            build_libraries cdylib "$output/shared"
        )
        shared_built=shared/$(release_folder)/$shared_built
        ;;
    *)
        build_libraries cdylib,staticlib "$output"
        shared_built=$(release_folder)/$shared_built
        ;;
    esac
    # The libraries a program has to link beside the static one, as the compiler names them.
    libs_private=$(cat "$output/native-static-libs.$triple")
    # In a folder of its own: the command is linked with the library as a Rust crate, which has files of the same names.
    run_cargo "$output/command" --package peers-cli --bin peers
}

# build_libraries KINDS FOLDER. Without the rlib, for which cargo would give up link-time optimisation. In a folder apart
# from the checkout's, for the names of the files do not say how they were built.
build_libraries() {
    run_cargo "$2" --package peers --lib --crate-type "$1" -- --print "native-static-libs=$2/native-static-libs.$triple"
}

# run_cargo FOLDER ARGUMENT…
run_cargo() {
    into=$1
    shift
    "$cargo" rustc --locked --release ${target:+--target "$target"} --target-dir "$into" "$@"
}

release_folder() {
    echo "${target:+$triple/}release"
}

place_libraries() {
    place "$output/$shared_built" "$shared_folder" "$shared"
    for link in $shared_links; do
        place_link "$shared" "$libdir" "$link"
    done
    [ -z "$import" ] || place "$output/$(release_folder)/$import" "$libdir"
    place "$output/$(release_folder)/$static" "$libdir"
    [ "$action" = uninstall ] || strip_debugging_information "$destdir$libdir/$static"
}

strip_debugging_information() {
    sysroot=$(rustc --print sysroot)
    objcopy=$sysroot/lib/rustlib/$host/bin/rust-objcopy
    if [ -z "${STRIP-}" ] && [ -x "$objcopy" ]; then
        LD_LIBRARY_PATH=$sysroot/lib "$objcopy" --strip-debug "$1"
    else
        "${STRIP:-strip}" -S "$1"
    fi
}

place_development_files() {
    place include/peers.h "$prefix/include"
    place bindings/cpp/peers.hpp "$prefix/include"
    place_template packaging/peers.pc.in "$libdir/pkgconfig" '${pcfiledir}'
    place_template packaging/peers-config.cmake.in "$libdir/cmake/peers" '${here}'
    place_template packaging/peers-config-version.cmake.in "$libdir/cmake/peers" '${here}'
    remove_folder "$libdir/cmake/peers"
}

place_command() {
    place "$output/command/$(release_folder)/peers$exe" "$prefix/bin"
    [ "$action" = uninstall ] || chmod 755 "$destdir$prefix/bin/peers$exe"
    for page in cli/man/*; do
        place "$page" "$prefix/share/man/man1"
    done
    place cli/completions/peers.bash "$prefix/share/bash-completion/completions" peers
    place cli/completions/_peers "$prefix/share/zsh/site-functions"
    place cli/completions/peers.fish "$prefix/share/fish/vendor_completions.d"
}

place_notices() {
    for notice in LICENSE-APACHE LICENSE-MIT packaging/THIRD-PARTY.txt; do
        place "$notice" "$prefix/share/doc/libpeers"
    done
    remove_folder "$prefix/share/doc/libpeers"
}

# place FILE FOLDER [NAME]
place() {
    name=${3:-$(basename "$1")}
    case $action in
    install) write "$2" "$name" <"$1" ;;
    uninstall) remove "$2/$name" ;;
    esac
}

# place_link FILE FOLDER NAME
place_link() {
    case $action in
    install) ln -sf "$1" "$destdir$2/$3" ;;
    uninstall) remove "$2/$3" ;;
    esac
}

# place_template TEMPLATE FOLDER HERE: the file without ".in", with the values of this installation. HERE names the folder
# in the file. All paths start from it, so that the installation can be moved.
place_template() {
    name=$(basename "$1" .in)
    case $action in
    install) fill_in "$1" "$(prefix_from "$2" "$3")" | write "$2" "$name" ;;
    uninstall) remove "$2/$name" ;;
    esac
}

# fill_in TEMPLATE PREFIX
fill_in() {
    sed -e "s|@VERSION@|$version|g" -e "s|@ABI@|$abi|g" -e "s|@LIBS_PRIVATE@|$libs_private|g" \
        -e "s|@PREFIX@|$2|g" -e "s|@STATIC@|$static|g" -e "s|@SHARED@|$shared|g" -e "s|@IMPORT@|$import|g" "$1"
}

# write FOLDER NAME: the standard input becomes a file.
write() {
    file=$destdir$1/$2
    mkdir -p "$destdir$1"
    # A running program keeps the file it has open. This is another one.
    rm -f "$file"
    cat >"$file"
    chmod 644 "$file"
    echo "installed $file"
}

remove() {
    rm -f "$destdir$1"
    echo "removed $destdir$1"
}

# remove_folder FOLDER: a folder of this library alone, unless it has files of others.
remove_folder() {
    [ "$action" = install ] || rmdir "$destdir$1" 2>/dev/null || true
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
