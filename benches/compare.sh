#!/bin/sh
# Builds libpeers and others of its kind, measures them side by side in network namespaces, and writes
# docs/benchmarks.md with tables and plots, and the data beside it. benches/compare/README.md says how.
#
#     benches/compare.sh            about 20 minutes, on a machine that does nothing else
#     benches/compare.sh --quick    some 4 minutes, to see that all works; its figures mean little
#     benches/compare.sh --report   only writes the page anew from the data that there is
#
# Needs root or user namespaces, Rust, a C compiler, Python with venv, iproute2, and Debian's libczmq-dev. What cannot be
# built is told in the tables, and the rest is measured.
set -eu

case "${1-}" in
    "" | --quick | --report) ;;
    *) echo "compare.sh: $1: there are --quick and --report" >&2; exit 2 ;;
esac
cd "$(dirname "$0")/.."
here=benches/compare
build=target/compare
programs=$build/programs
data=docs/benchmarks/compare.json
mkdir -p "$programs" docs/benchmarks
rm -f "$programs"/*

# built NAME VERSION COMMAND...: the command makes the executable NAME of $programs, or it is told why there is none.
built() {
    name=$1 version=$2
    shift 2
    echo "building $name" >&2
    if "$@" > "$build/$name.log" 2>&1; then
        $version > "$programs/$name.version" || true
    else
        grep -iE 'error|not found|failed' "$build/$name.log" | head -n 1 > "$programs/$name.failed"
        echo "  failed: $(cat "$programs/$name.failed")" >&2
    fi
}

cargo_workspace() {
    cargo build --release --manifest-path $here/Cargo.toml --target-dir $build -p "$1"
}

crate() {
    cargo_workspace "compare-$1" && cp "$build/release/compare-$1" "$programs/$1"
}

crate_version() {
    cargo tree --manifest-path $here/Cargo.toml -p "compare-$name" --prefix none |
        sed -n "s/^$crate v\([0-9.]*\).*/\1/p" | head -n 1
}

libpeers() {
    cargo build --package peers --release &&
        cc -O2 -Wall -Wextra -Iinclude $here/peers/libpeers.c target/release/libpeers.a -lpthread -ldl -lm \
            -o "$programs/libpeers"
}

libpeers_version() {
    sed -n 's/^#define PEERS_VERSION "\(.*\)"/\1/p' include/peers.h
}

zbeacon() {
    cc -O2 -Wall -Wextra $here/peers/zbeacon.c -lczmq -o "$programs/zbeacon"
}

zbeacon_version() {
    echo "CZMQ $(pkg-config --modversion libczmq)"
}

venv() {
    [ -x $build/venv/bin/python ] || python3 -m venv $build/venv
    $build/venv/bin/pip install --quiet --disable-pip-version-check -r $here/requirements.txt
}

# The name that the driver runs; the interpreter takes its place.
zeroconf() {
    venv && $build/venv/bin/python -c 'import zeroconf' &&
        printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$PWD/$build/venv/bin/python" "$PWD/$here/peers/zeroconf_peer.py" \
            > "$programs/python-zeroconf" && chmod +x "$programs/python-zeroconf"
}

zeroconf_version() {
    $build/venv/bin/python -c 'import platform, zeroconf
print(zeroconf.__version__, "on Python", platform.python_version())'
}

report() {
    $build/venv/bin/python $here/report.py docs
}

if [ "${1-}" = --report ]; then
    venv
    report
    exit
fi
built libpeers libpeers_version libpeers
built zbeacon zbeacon_version zbeacon
built python-zeroconf zeroconf_version zeroconf
crate=libp2p-mdns; built libp2p-mdns crate_version crate libp2p-mdns
crate=mdns-sd; built mdns-sd crate_version crate mdns-sd
crate=swarm-discovery; built swarm-discovery crate_version crate swarm-discovery
cargo_workspace compare
# Whatever ends the script ends the driver; and all that it has started ends with the driver, by the end of its input.
"$build/release/compare" "$programs" "$data" "$@" &
driver=$!
trap 'kill "$driver"; exit 130' INT TERM
wait "$driver"
trap - INT TERM
report
