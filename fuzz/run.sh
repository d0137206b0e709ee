#!/usr/bin/env bash
# Runs each fuzz target from its committed corpus, which stays as it is: for so many seconds each, a minute unless told.
# Needs the nightly toolchain.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}

# A tool of this version, in a place of its own.
export PATH="$PWD/target/tools/bin:$PATH"
cargo-fuzz --version 2>/dev/null | grep -qxF "cargo-fuzz 0.13.2" ||
    cargo install --quiet --locked --debug --root target/tools cargo-fuzz@0.13.2

fuzz() { cargo +nightly fuzz "$1" --release --target-dir target/fuzz "${@:2}"; }

# What is found on the way goes to the first of the folders, and what breaks a target to fuzz/artifacts.
run() {
    rm -rf "target/fuzz/corpus/$1"
    mkdir -p "target/fuzz/corpus/$1"
    fuzz run "$1" "target/fuzz/corpus/$1" "fuzz/corpus/$1" -- \
        "-max_total_time=$seconds" -max_len=2048 -verbosity=0 -print_final_stats=1
}

fuzz build
for target in wire node members abi; do run "$target"; done
