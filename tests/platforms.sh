#!/usr/bin/env bash
# Tests the library for other machines and C libraries: its unit tests, the tests of the protocol, and two nodes that find
# each other across a veth, one of them of this machine. For the systems that cannot be run it compiles only.
#
#   tests/platforms.sh [PLATFORM…]    all in README's table, or some of them
#
# PEERS_PLATFORM_TESTS are further words for the tests, such as "--skip simulation", which takes minutes on an emulated machine.
# Needs root for namespaces, zig and cargo-zigbuild, and for emulated machines qemu-user and Debian's cross C libraries.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/target/tools/bin:$PATH"
export CARGO_TARGET_DIR=$PWD/target/platforms
# The tests run for seconds, and building them takes minutes.
export CARGO_PROFILE_DEV_OPT_LEVEL=0 CARGO_PROFILE_DEV_DEBUG=0
out=$CARGO_TARGET_DIR/programs
patience=${PEERS_PATIENCE:-600}
strict='-std=c11 -Wall -Wextra -Werror -pedantic -g -D_GNU_SOURCE -Iinclude'
mkdir -p "$out"

all="i686 musl musl-shared aarch64 armv7hf riscv64 s390x windows compiled"

# What a platform needs to be built and run: its Rust target, zig's name for it, and the program to run its programs with.
describe() {
    target=$1 zig=$2 runner=${3-}
    triple=${target%%.[0-9]*}
    local variable=${triple^^}
    [ -z "$runner" ] || export "CARGO_TARGET_${variable//-/_}_RUNNER=$runner"
}

test_platform() {
    case $1 in
    i686) describe i686-unknown-linux-gnu.2.17 x86-linux-gnu.2.17 ;;
    musl) describe x86_64-unknown-linux-musl x86_64-linux-musl ;;
    musl-shared) describe x86_64-unknown-linux-musl x86_64-linux-musl ;;
    aarch64) describe aarch64-unknown-linux-gnu.2.17 aarch64-linux-gnu.2.17 "qemu-aarch64 -L /usr/aarch64-linux-gnu" ;;
    armv7hf)
        describe armv7-unknown-linux-gnueabihf.2.17 arm-linux-gnueabihf.2.17 "qemu-arm -L /usr/arm-linux-gnueabihf"
        ;;
    riscv64) describe riscv64gc-unknown-linux-gnu.2.27 riscv64-linux-gnu.2.27 "qemu-riscv64 -L /usr/riscv64-linux-gnu" ;;
    s390x) describe s390x-unknown-linux-gnu.2.17 s390x-linux-gnu.2.17 "qemu-s390x -L /usr/s390x-linux-gnu" ;;
    windows | compiled) ;;
    *) echo "tests/platforms.sh has no platform $1; it has $all" >&2 && exit 2 ;;
    esac
    case $1 in
    windows) CARGO_TARGET_DIR=target tests/windows.sh ;;
    compiled) compile_only ;;
    musl-shared) test_pair "$1" link_shared ;;
    # For machines of 64 bits qemu-user passes another interface on when a socket joins a group. So there is no pair, and no
    # flood of a group.
    aarch64 | riscv64 | s390x) PEERS_PLATFORM_TESTS="--skip a_flood_of_the_group ${PEERS_PLATFORM_TESTS-}" run_tests "$1" ;;
    *)
        run_tests "$1"
        test_pair "$1" link_static
        ;;
    esac
}

# The unit tests of both packages, and the rules of the protocol.
run_tests() {
    local log=$out/$1.log
    cargo-zigbuild test --quiet --locked --target "$target" --package peers --package peers-proto --lib --test rules -- \
        ${PEERS_PLATFORM_TESTS-} >"$log" 2>&1 || { cat "$log" >&2 && exit 1; }
    echo "platform $1: $(($(sed -n 's/^test result: ok. \([0-9]*\) passed.*/\1/p' "$log" | paste -sd+))) tests passed"
}

# test_pair PLATFORM LINK: a node of the platform and one of this machine, each of which leaves first once.
test_pair() {
    $2 "$out/meet-$1"
    build_native
    meet "$1" "$runner $out/meet-$1" "$out/meet-native"
    meet "$1" "$out/meet-native" "$runner $out/meet-$1"
    echo "platform $1: a node and one of this machine find each other, and each leaves"
}

zig_cc() {
    python-zig cc -target "$zig" $strict "$@"
}

link_static() {
    cargo-zigbuild rustc --quiet --locked --target "$target" --package peers --lib --crate-type staticlib
    zig_cc tests/c/meet.c "$CARGO_TARGET_DIR/$triple/debug/libpeers.a" -lunwind -lpthread -ldl -lm -o "$1"
}

# With the C library of musl as a shared one, too: that of this machine. The sanitizer that zig adds needs a newer one.
link_shared() {
    RUSTFLAGS='-C target-feature=-crt-static' cargo-zigbuild rustc --quiet --locked --target "$target" \
        --target-dir "$CARGO_TARGET_DIR/shared" --package peers --lib --crate-type cdylib
    local library=$CARGO_TARGET_DIR/shared/$triple/debug/libpeers.so
    musl-gcc $strict tests/c/meet.c "$library" -o "$1"
    cp "$library" "$out/libpeers.so.0"
    runner="/lib/ld-musl-x86_64.so.1 --library-path $out"
}

build_native() {
    cargo rustc --quiet --locked --package peers --lib --crate-type staticlib
    cc $strict tests/c/meet.c "$CARGO_TARGET_DIR/debug/libpeers.a" -lpthread -ldl -lm -o "$out/meet-native"
}

# Two commands, each on a host of its own, joined by a veth: each gets a name, the port and when to leave.
meet() {
    local left=peers-left-$$ right=peers-right-$$ first
    add_hosts "$left" "$right"
    timeout "$patience" ip netns exec "$left" $2 one 27400 first >"$out/first.log" 2>&1 &
    first=$!
    if ! timeout "$patience" ip netns exec "$right" $3 two 27400 last >"$out/last.log" 2>&1 || ! wait $first; then
        echo "platform $1: $2 and $3 do not meet" >&2
        tail -n +1 "$out/first.log" "$out/last.log" >&2
        exit 1
    fi
    remove_hosts "$left" "$right"
}

# Two network namespaces with a cable between them.
add_hosts() {
    trap "remove_hosts $1 $2 2>/dev/null" EXIT
    ip netns add "$1"
    ip netns add "$2"
    ip link add eth0 netns "$1" type veth peer name eth0 netns "$2"
    local host number=1
    for host in "$1" "$2"; do
        ip -n "$host" link set lo up
        ip -n "$host" addr add "192.0.2.$number/24" dev eth0
        ip -n "$host" link set eth0 up
        number=$((number + 1))
    done
}

remove_hosts() {
    # A second removal at the end would fail, and with it the script.
    trap - EXIT
    ip netns delete "$1"
    ip netns delete "$2"
}

# These have no system here to run on.
compile_only() {
    local other
    for other in x86_64-pc-windows-msvc x86_64-apple-darwin aarch64-apple-darwin aarch64-linux-android \
        aarch64-unknown-linux-musl x86_64-unknown-freebsd; do
        cargo check --quiet --locked --package peers --package peers-proto --target $other
        echo "platform $other: compiles"
    done
}

for platform in ${*:-$all}; do
    test_platform "$platform"
done
