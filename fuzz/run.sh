#!/usr/bin/env bash
# Runs each fuzz target from its committed corpus, which stays as it is: for so many seconds each, a minute by default.
# Needs the nightly toolchain and cargo-fuzz.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
cargo fuzz --version >/dev/null || { echo "fuzz/run.sh needs cargo-fuzz; .ci/setup installs it" >&2; exit 1; }

# With one unit, the default, building takes longer than a short run fuzzes.
fuzz() { cargo +nightly fuzz "$1" --release --codegen-units 16 --target-dir target/fuzz "${@:2}"; }

# New inputs go to the first of the folders, and an input that breaks a target to fuzz/artifacts.
run() {
    rm -rf "target/fuzz/corpus/$1"
    mkdir -p "target/fuzz/corpus/$1"
    fuzz run "$1" "target/fuzz/corpus/$1" "fuzz/corpus/$1" -- \
        "-max_total_time=$seconds" -max_len=2048 -verbosity=0 -print_final_stats=1
}

fuzz build
for target in wire node pair members abi; do run "$target"; done
