#!/usr/bin/env bash
# Measures the inside of the library: the registry against others, the node, the calls of the C ABI. Writes
# docs/benchmarks/inside.json, of which benches/compare.sh makes tables.
#
#     benches/inside.sh [--quick]
#
# Needs Rust, a C compiler, python3 and valgrind (Debian: apt-get install gcc python3 valgrind).
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1-}" in
    "") rounds=3 seconds=1 warm_up=0.3 sizes=(1000 65536) ;;
    --quick) rounds=1 seconds=0.5 warm_up=0.1 sizes=(1000 65536) ;;
    *) echo "inside.sh: $1: there is one option: --quick" >&2; exit 2 ;;
esac

for tool in cargo cc python3 valgrind; do
    command -v "$tool" >/dev/null || { echo "inside.sh: $tool is missing" >&2; exit 1; }
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# row GROUP SIZE ORDER UNIT FIGURE: a row that no program prints.
row() {
    printf '{"group": "%s", "system": "peers", "size": %s, "order": "%s", "unit": "%s", "median": %s}\n' "$@"
}

# library ORDER OPTION...: the library as it is released, and its size.
library() {
    cargo rustc --package peers --release --lib --crate-type cdylib "${@:2}"
    row "stripped library" 1 "$1" bytes "$(stat --format=%s target/release/libpeers.so)" >>"$scratch/once"
}
library "without SWIM" --no-default-features --features capi
library "with SWIM"

# What measures it.
manifest=benches/inside/Cargo.toml
programs=benches/inside/target/release
cargo build --release --bins --manifest-path "$manifest"
abi=$programs/abi
cc -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Iinclude benches/inside/abi.c -o "$abi" \
    target/release/libpeers.so -lpthread -Wl,-rpath,"$PWD/$programs"
crowd=$programs/crowd
cc -std=c11 -D_GNU_SOURCE -O2 -Iinclude tests/c/crowd.c target/release/libpeers.so -lpthread -Wl,-rpath,"$PWD/$programs" -o "$crowd"
ln -sf "$PWD/target/release/libpeers.so" "$programs/libpeers.so.0"

# Every round has each system in turn; a figure's ratio to the floor is of one round.
criterion() { # ROUND BENCH
    CRITERION_HOME="$scratch/criterion.$1" cargo bench --quiet --manifest-path "$manifest" --bench "$2" -- \
        --noplot --sample-size 50 --warm-up-time "$warm_up" --measurement-time "$seconds"
}

# Instructions for one announcement: a long run less a short one, which have the same beginning.
instructions() { # PEERS
    local count peers=$1
    count() {
        valgrind --tool=callgrind --callgrind-out-file=/dev/null "$programs/intake" "$peers" "$1" 2>&1 \
            | sed -n 's/.*Collected : //p'
    }
    python3 -c 'import json, sys; peers, few, many = map(int, sys.argv[1:]); print(json.dumps({
        "group": "known announcement, instructions", "system": "peers", "size": peers, "order": "sequential", "unit": "instructions",
        "median": (many - few) / (20 * peers)}))' "$peers" "$(count 10)" "$(count 30)"
}

# Nodes of one process, until all know all: their processor time beside a bare loop's with the same deliveries. The program
# fails where it is above the target; its figure counts all the same.
many_nodes() { # NODES
    local times
    times=$(PEERS_TEST_PORT=49777 PEERS_TEST_NODES="$1" "$crowd" | sed -n 's/.*: \([0-9.]*\) times$/\1/p') || true
    [ -z "$times" ] || row "until all know all, CPU against a bare loop" "$1" "" times "$times"
}

for round in $(seq "$rounds"); do
    echo "inside.sh: round $round of $rounds" >&2
    criterion "$round" registry
    criterion "$round" node
    {
        for what in calls lists starts; do "$abi" "$what"; done
        for kind in none memory sockets; do "$abi" memory "$kind"; done
        "$programs/stall"
    } >"$scratch/rows.$round"
done
{
    cat "$scratch/once"
    "$programs/memory"
    instructions 1000
    many_nodes 400
} >>"$scratch/rows.1"

python3 benches/inside/collect.py "$scratch" docs/benchmarks/inside.json
