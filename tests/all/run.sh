#!/usr/bin/env bash
# Runs every tier, and prints the seconds of each step. Two lanes of about the same length keep the machine's cores
# busy: lints, builds and Miri; fuzzing, sanitizers and other machines. The tests run last and alone, for some measure memory or
# cross a network.
set -euo pipefail
cd "$(dirname "$0")/../.."
logs=target/test-all
rm -rf "$logs"
mkdir -p "$logs"

# Runs a step. Its words are kept, and shown if it fails.
step() {
    local name=$1 start=$SECONDS
    shift
    if "$@" >"$logs/$name.log" 2>&1; then
        echo "step $name: $((SECONDS - start)) s" | tee -a "$logs/steps"
    else
        echo "step $name failed after $((SECONDS - start)) s: $*"
        cat "$logs/$name.log"
        return 1
    fi
}

lints() {
    step check just check
    step lint-python just lint-python
    step deny just deny
    step build-tests cargo test --workspace --no-run
    step lint-cross just lint-cross
    step test-tokio cargo test -p peers --features tokio --test stream
    step miri just miri
}

others() {
    step fuzz just fuzz 15
    step sanitizers just sanitizers
    PEERS_PLATFORM_TESTS='--skip simulation' step platforms just platforms i686 musl
    # The rules in virtual time do not depend on the machine, and take minutes on an emulated one.
    PEERS_PLATFORM_TESTS='--skip simulation --skip native' step aarch64 just platforms aarch64
}

# Not in a condition, where a failing step would not end the lane.
others &
lane=$!
trap 'kill "$lane" 2>/dev/null || true' EXIT
lints
wait "$lane"
trap - EXIT

# Last, so that the runner's own words end the output.
start=$SECONDS
status=0
cargo test --workspace --no-fail-fast || status=$?
echo "step test: $((SECONDS - start)) s" >>"$logs/steps"
exit "$status"
