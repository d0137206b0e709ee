#!/bin/sh
# Builds libpeers and others of its kind, measures them side by side in network namespaces, and writes
# docs/benchmarks.md with tables and plots, and the data beside it. benches/compare/README.md says how.
#
#     benches/compare.sh            about 20 minutes, on a machine that does nothing else
#     benches/compare.sh --quick    some 4 minutes, to see that all works; its figures mean little
#     benches/compare.sh --report   only writes the page anew from the data that there is
#
# benches/compare/README.md lists what it needs. What cannot be built is told in the tables, and the rest is measured.
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

link_version() {
    echo "rusty_link $(crate_version)"
}

# libpeers FLAGS
libpeers() {
    cargo build --package peers --release &&
        cc -O2 -Wall -Wextra -Iinclude -DFLAGS="$1" $here/peers/libpeers.c target/release/libpeers.a -lpthread -ldl -lm \
            -o "$programs/$name"
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

# runs NAME COMMAND...: the executable NAME of $programs becomes the command.
runs() {
    name=$1
    shift
    { printf '#!/bin/sh\nexec' && printf ' "%s"' "$@" && printf ' "$@"\n'; } > "$programs/$name" && chmod +x "$programs/$name"
}

# in_python NAME MODULE
in_python() {
    venv && $build/venv/bin/python -c "import $2" &&
        runs "$1" "$PWD/$build/venv/bin/python" "$PWD/$here/peers/$2_peer.py"
}

python_version() {
    $build/venv/bin/python -c 'import importlib.metadata, platform, sys
print(importlib.metadata.version(sys.argv[1]), "on Python", platform.python_version())' "$package"
}

avahi() {
    avahi-daemon --version && dbus-daemon --version &&
        cc -O2 -Wall -Wextra $here/peers/avahi.c -lavahi-client -lavahi-common -o $build/avahi-client &&
        runs avahi unshare --mount "$PWD/$here/peers/avahi.sh" "$PWD/$build/avahi-client"
}

avahi_version() {
    avahi-daemon --version | sed 's/.* //'
}

report() {
    $build/venv/bin/python $here/report.py docs
}

if [ "${1-}" = --report ]; then
    venv
    report
    exit
fi
built libpeers libpeers_version libpeers 0
built libpeers-no-legacy libpeers_version libpeers PEERS_NO_LEGACY
built zbeacon zbeacon_version zbeacon
built avahi avahi_version avahi
package=zeroconf; built python-zeroconf python_version in_python python-zeroconf zeroconf
package=eclipse-zenoh; built zenoh python_version in_python zenoh zenoh
crate=rusty_link; built ableton-link link_version crate ableton-link
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
