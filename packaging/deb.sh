#!/bin/sh
# Makes three Debian packages, libpeers0, libpeers-dev and peers, with debhelper.
#
#   packaging/deb.sh FOLDER    puts them into the folder, which is made if need be
#
# DEBFULLNAME and DEBEMAIL name the maintainer, as everywhere in Debian; by default it is the user on this machine.
# CARGO_BUILD_TARGET and CARGO are those of install.sh. A target for another machine makes packages of its architecture.
set -eu

main() {
    [ $# -eq 1 ] || fail "usage: packaging/deb.sh FOLDER"
    command -v dh >/dev/null || fail "debhelper is not installed"
    mkdir -p "$1"
    packages=$(cd "$1" && pwd)
    cd "$(dirname "$0")/.."
    SOURCE=$PWD
    export SOURCE
    work=$packages/build
    describe
    cd "$work"
    # Rust may come from elsewhere, and debhelper was looked for.
    dpkg-buildpackage --build=binary --no-sign --no-check-builddeps --host-arch "$(architecture)"
    # The files that dpkg-buildpackage leaves beside the folder it builds in.
    rm -rf "$work" "$packages"/libpeers_*.buildinfo "$packages"/libpeers_*.changes
    ls "$packages"/*_"$(architecture)".deb
}

# Debian's name for the machine of the target.
architecture() {
    case ${CARGO_BUILD_TARGET-} in
    '') dpkg --print-architecture ;;
    x86_64-*) echo amd64 ;;
    aarch64-*) echo arm64 ;;
    armv7-*) echo armhf ;;
    i686-*) echo i386 ;;
    riscv64gc-*) echo riscv64 ;;
    *) fail "Debian has no architecture for $CARGO_BUILD_TARGET" ;;
    esac
}

fail() {
    echo "$1" >&2
    exit 2
}

# Fills in the folder "debian" of a folder of its own: the project's has none, and is not written to.
describe() {
    version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)
    abi=${version%%.*}
    maintainer="${DEBFULLNAME:-$(id -un)} <${DEBEMAIL:-$(id -un)@$(uname -n)}>"
    date=$(date -R -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}")

    rm -rf "$work"
    mkdir -p "$work/debian"
    cp packaging/debian/rules packaging/debian/libpeers-dev.install packaging/debian/peers.install "$work/debian"
    cp packaging/debian/libpeers.install "$work/debian/libpeers$abi.install"
    for template in control changelog; do
        sed -e "s|@VERSION@|$version|g" -e "s|@ABI@|$abi|g" -e "s|@MAINTAINER@|$maintainer|g" -e "s|@DATE@|$date|g" \
            "packaging/debian/$template.in" >"$work/debian/$template"
    done
    crates >"$work/crates"
    [ -s "$work/crates" ] || fail "cargo tree names no crate that is linked in"
    indented LICENSE-MIT >"$work/mit"
    sed -e "/@CRATES@/{r $work/crates" -e 'd}' -e "/@MIT@/{r $work/mit" -e 'd}' \
        packaging/debian/copyright.in >"$work/debian/copyright"
}

# The crates of others that are linked in, each with its licence. Our own have their path beside the version.
crates() {
    # cargo does not know the number of a glibc.
    target=${CARGO_BUILD_TARGET-}
    target=${target%%.[0-9]*}
    env -u CARGO_BUILD_TARGET cargo tree --locked --package peers --package peers-cli ${target:+--target "$target"} \
        --edges normal,no-proc-macro --prefix none --no-dedupe --format ' {p} ({l})' | grep -v ' (/' | sort -u
}

# The text as it stands in a field of a control file.
indented() {
    sed -e 's/^$/./' -e 's/^/ /' "$1"
}

main "$@"
