#!/usr/bin/env bash
# Changes hosts, processes, links, addresses, keys and seeds at random for so many seconds, and compares all lists with the truth at
# quiet points. The modes are multicast, seeds and cluster, each also with -keys; without an argument all run at once. Prints a seed,
# which repeats the changes as PEERS_SEED. Needs root.
#
# usage: tests/soak.sh [SECONDS] [MODE...]
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-900}
modes=("${@:2}")
[ ${#modes[@]} -gt 0 ] || modes=(multicast multicast-keys seeds seeds-keys cluster cluster-keys)
export PEERS_SEED=${PEERS_SEED:-$RANDOM}
echo "PEERS_SEED=$PEERS_SEED"
cargo build --quiet --release --example watch

runs=()
trap 'kill "${runs[@]}" 2>/dev/null || true' EXIT
for mode in "${modes[@]}"; do
    folder=target/soak/$mode
    rm -rf "$folder"
    mkdir -p "$folder"
    python3 tests/soak/soak.py "$mode" "$seconds" "$folder" >"$folder/log" 2>&1 &
    runs+=($!)
done

status=0
for number in "${!modes[@]}"; do
    log=target/soak/${modes[number]}/log
    wait "${runs[number]}" || { status=1; grep '^wrong\|^crashed' "$log" || true; }
    echo "${modes[number]}:"
    tail -n 3 "$log"
done
exit $status
