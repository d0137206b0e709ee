#!/usr/bin/env bash
# The tests of src/ffi under Miri. No test at all is a failure.
set -euo pipefail
cd "$(dirname "$0")/../.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT
cargo +nightly miri test --package peers --lib --target-dir target/miri ffi:: 2>&1 | tee "$log"
grep -qE '^test result: ok\. [1-9]' "$log" || { echo "miri.sh: no test of ffi:: has run" >&2; exit 1; }
