#!/usr/bin/env bash
# Builds the library for Windows and runs under Wine: its unit tests, the C tests that use nothing of Linux, and two
# processes that find each other, both under Wine, and one of them here. Says what is missing, and installs nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

target=x86_64-pc-windows-gnu
out=target/windows
strict='-std=c11 -Wall -Wextra -Werror -pedantic -g'
export PEERS_PATIENCE=${PEERS_PATIENCE:-300}
# A Windows of its own, without a screen, a browser or anybody's settings.
export WINEPREFIX=$PWD/$out/wine WINEDEBUG=${WINEDEBUG:--all} WINEDLLOVERRIDES='mscoree,mshtml=' DISPLAY=
# Where programs find libraries that do not lie beside them.
export WINEPATH=Z:$PWD/$out
mkdir -p "$out"

# Says what is missing, and how to get it.
check_tools() {
    local is_complete=yes
    need x86_64-w64-mingw32-gcc 'mingw-w64 (apt-get install mingw-w64)'
    need wine 'Wine (apt-get install wine wine64)'
    rustc --print target-libdir --target $target | xargs test -d ||
        missing "Rust's $target (rustup target add $target)"
    [ $is_complete = yes ] || exit 1
}

need() { command -v "$1" >/dev/null || missing "$2"; }

missing() {
    echo "tests/windows.sh needs $1" >&2
    is_complete=no
}

# Compiles a C test for Windows, with this library to link, as $out/NAME.exe.
compile() {
    x86_64-w64-mingw32-gcc $strict -D_WIN32_WINNT=0x0A00 -Iinclude \
        "tests/c/$1.c" "$2" -lws2_32 -static-libgcc -Wl,-Bstatic,-lpthread,-Bdynamic -o "$out/$1.exe"
}

# Runs a command that has to end well within the time.
passes() {
    local log=$out/log
    echo "$*"
    timeout "$PEERS_PATIENCE" "$@" >"$log" 2>&1 && return
    echo "failed, with $?:" >&2
    cat "$log" >&2
    exit 1
}

# Two commands that meet: each gets a name, the port and when to leave.
meet() {
    local port=$((20000 + RANDOM % 10000)) first
    echo "$1 meets $2"
    timeout "$PEERS_PATIENCE" $1 one "$port" first >"$out/first.log" 2>&1 &
    first=$!
    if ! timeout "$PEERS_PATIENCE" $2 two "$port" last >"$out/last.log" 2>&1 || ! wait $first; then
        tail -n +1 "$out/first.log" "$out/last.log" >&2
        exit 1
    fi
}

# What else than peers_* the library exports.
foreign_exports() {
    x86_64-w64-mingw32-objdump -p "$1" | sed -n '/Ordinal.Name Pointer/,/^$/p' | grep '\[ *[0-9]*\]' |
        grep -v ' peers_[a-z_]*$' || true
}

check_tools
cargo build --quiet --package peers --lib --target $target --features test-panic
library=target/$target/debug/peers.dll
cp "$library" "$out"
[ -z "$(foreign_exports "$library")" ] || { echo "$library exports more than peers_*:"; foreign_exports "$library"; exit 1; } >&2
x86_64-w64-mingw32-gcc $strict -shared tests/wine/bcryptprimitives.c -ladvapi32 -o "$out/bcryptprimitives.dll"
passes wineboot --init

CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=wine passes \
    cargo test --quiet --package peers --package peers-proto --target $target --features peers/test-panic \
    --lib --test log --test rules
for test in abi bad_input log panics; do
    compile $test "$library"
    passes wine "$out/$test.exe"
done

compile meet "$library"
cargo build --quiet --package peers --lib
cc $strict -D_GNU_SOURCE -Iinclude tests/c/meet.c target/debug/libpeers.a -lpthread -ldl -lm -o "$out/meet"
meet "wine $out/meet.exe" "wine $out/meet.exe"
meet "wine $out/meet.exe" "$out/meet"
meet "$out/meet" "wine $out/meet.exe"
