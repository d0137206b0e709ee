# The commands of CONTRIBUTING.md. `.ci/setup` installs what they need.

export PATH := justfile_directory() / "target/tools/bin" + ":" + env("PATH")

python := "bindings/python"
scripts := "examples tests/all/manifests tests/network tests/soak"

[private]
default:
    @just --list --unsorted

# Format, lints and types of Rust: seconds
check:
    cargo fmt --check
    cargo clippy --workspace --all-targets -- -D warnings

# The protocol in virtual time: 15 s
test-proto:
    cargo test -p peers-proto

# The core tier: Rust, cc and python3
test:
    cargo test

# Every tier, side by side what is independent, with the seconds of each step; .ci/run uses it
test-all:
    tests/all/run.sh

# Lints for other systems, for other features, and of what is no member of the workspace
lint-cross:
    cargo clippy -p peers -p peers-proto --no-default-features -- -D warnings
    cargo clippy -p peers --features tokio --lib --test stream -- -D warnings
    cargo clippy -p peers -p peers-cli -p peers-proto --target x86_64-pc-windows-gnu -- -D warnings
    cargo clippy -p peers -p peers-cli -p peers-proto --target aarch64-apple-darwin -- -D warnings
    cargo fmt --manifest-path fuzz/Cargo.toml --check
    cargo fmt --manifest-path benches/inside/Cargo.toml --check
    cargo fmt --manifest-path benches/compare/Cargo.toml --all --check

# Lints and types of Python, and the workflow file
lint-python:
    ruff check {{python}}
    ruff format --check {{python}}
    ruff check --config {{python}}/pyproject.toml {{scripts}}
    ruff format --config {{python}}/pyproject.toml --check {{scripts}}
    ruff check --config {{python}}/pyproject.toml --ignore D benches packaging
    ruff format --config {{python}}/pyproject.toml --check benches packaging
    mypy --strict --config-file {{python}}/pyproject.toml {{python}}/peers {{python}}/examples {{python}}/hatch_build.py
    for scripts in benches/compare examples/kubernetes packaging tests/all/manifests tests/network tests/soak; do \
        MYPYPATH={{python}} mypy --strict --config-file {{python}}/pyproject.toml $scripts/*.py || exit 1; \
    done
    actionlint

# Licences and sources of all crates
deny:
    cargo deny check licenses bans sources

# The C ABI's memory under Miri
miri:
    tests/all/miri.sh

# The C tests under AddressSanitizer and ThreadSanitizer
sanitizers:
    tests/sanitizers.sh

# Each fuzz target for so many seconds
fuzz seconds="60":
    fuzz/run.sh {{seconds}}

# Real nodes while hosts, links and keys change at random, for so many seconds, in all modes or some; needs root
soak seconds="900" *modes:
    tests/soak.sh {{seconds}} {{modes}}

# The library on other machines and with other C libraries: all of README's table, or some
platforms *names:
    tests/platforms.sh {{names}}

# The artifacts of a release, in dist/
release:
    packaging/release.sh

# The public ABI as it is now becomes the accepted one
accept-abi:
    PEERS_UPDATE_HEADER=1 cargo test --test header
    PEERS_UPDATE_ABI=1 cargo test -p peers-all-tests --test packaging abi
