#!/usr/bin/env bash
# Runs the released library and command with the C library of Debian 11, which is fetched from Debian and unpacked.
#
#   tests/all/old_glibc.sh PREFIX FOLDER    the installed release for this machine, and a folder to work in
set -euo pipefail
prefix=$(realpath "$1")
checkout=$(realpath "$(dirname "$0")/../..")
mkdir -p "$2"
cd "$2"
export PATH="$checkout/target/tools/bin:$PATH"

# apt with sources and lists of its own.
apt_of_bullseye() {
    apt-get -qq -o Dir::Etc::SourceList="$PWD/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$PWD/lists" \
        -o Dir::Cache="$PWD" -o APT::Sandbox::User=root -o Acquire::Languages=none "$@"
}

if [ ! -d root ]; then
    mkdir -p lists archives
    echo 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bullseye main' \
        >sources.list
    apt_of_bullseye update
    apt_of_bullseye download 'libc6=2.31*'
    dpkg-deb --extract libc6_2.31*.deb unpacked
    mv unpacked root
fi

libraries=$PWD/root/lib/$(uname -m)-linux-gnu
within() {
    "$libraries"/ld-2.31.so --library-path "$libraries:$prefix/lib" "$@"
}

python-zig cc -target "$(uname -m)-linux-gnu.2.17" "$checkout/tests/all/outside/app.c" -I"$prefix/include" \
    "$prefix/lib/libpeers.so" -o app
within ./app
within "$prefix/bin/peers" list --interface lo --wait 10ms --json
within "$prefix/bin/peers" --version
