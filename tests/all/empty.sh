#!/usr/bin/env bash
# Uses the artifacts of a release where there is no Rust and no checkout: installs each, and runs a program with it.
#
#   unshare --mount tests/all/empty.sh DIST VERSION
#
# It is run in a mount namespace of its own, in which the folders of Rust and of the checkout become empty.
set -euo pipefail
dist=$(realpath "$1") version=$2
checkout=$(realpath "$(dirname "$0")/../..")

main() {
    hide_everything_else
    trap '[ $? = 0 ] || { echo "$check failed:" && cat output log; } >&2' EXIT
    for check in archive static debian wheel npm jar go_module; do
        mkdir "/mnt/$check"
        cd "/mnt/$check"
        ("check_$check") >output 2>log
        echo "$check: $(tail -1 output)"
    done
}

# Copies the artifacts and the programs to a file system in memory, then covers what a user does not have. Packages are
# installed into layers over the system's folders, which are gone with the namespace.
hide_everything_else() {
    mount -t tmpfs tmpfs /mnt
    cp -r "$dist" /mnt/dist
    cp -r "$checkout/tests/all/outside" /mnt/programs
    mkdir /mnt/layers
    mount -t tmpfs tmpfs /mnt/layers
    local folder
    for folder in usr etc var; do
        mkdir -p "/mnt/layers/$folder/upper" "/mnt/layers/$folder/work"
        mount -t overlay overlay "/$folder" \
            -o "lowerdir=/$folder,upperdir=/mnt/layers/$folder/upper,workdir=/mnt/layers/$folder/work"
    done
    for folder in "$checkout" "${CARGO_HOME:-$HOME/.cargo}" "${RUSTUP_HOME:-$HOME/.rustup}"; do
        mount -t tmpfs tmpfs "$folder"
    done
    if cargo --version 2>/dev/null || [ -e "$checkout/Cargo.toml" ]; then
        echo "Rust or the checkout is still there" >&2
        exit 1
    fi
    export HOME=/mnt/home
    mkdir "$HOME"
    unset PEERS_LIBRARY LD_LIBRARY_PATH PKG_CONFIG_PATH
}

# The archive of this machine, unpacked anywhere.
unpack() {
    tar -xzf "/mnt/dist/libpeers-$version-$(uname -m)-linux-$1.tar.gz"
    prefix=$PWD/libpeers-$version-$(uname -m)-linux-$1
}

check_archive() {
    unpack gnu
    "$prefix/bin/peers" --version
    test -s "$prefix/share/doc/libpeers/THIRD-PARTY.txt"
    export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
    cp /mnt/programs/* .
    cc app.c $(pkg-config --cflags --libs peers) -o app
    LD_LIBRARY_PATH=$prefix/lib ./app
    cc app.c $(pkg-config --cflags --libs --static peers | sed s/-lpeers/-l:libpeers.a/) -o app-static
    ./app-static
    cmake -S . -B build -DCMAKE_PREFIX_PATH="$prefix" && cmake --build build
    build/cpp-app && build/c-app-static
}

# The programs for musl, in a root folder that has nothing else: a shared library needs the loader of musl alone.
check_static() {
    unpack musl
    mkdir -p root/lib
    cp "$prefix/bin/peers" root
    cp -L "$prefix/lib/libpeers.so.0" "/lib/ld-musl-$(uname -m).so.1" root/lib
    musl-gcc /mnt/programs/app.c -I"$prefix/include" "$prefix/lib/libpeers.so" -o root/app
    chroot root /peers --version
    chroot root /app
}

check_debian() {
    dpkg -i "/mnt/dist"/*_"$(dpkg --print-architecture)".deb
    cc /mnt/programs/app.c $(pkg-config --cflags --libs peers) -o app
    peers --version
    ./app
    test -s /usr/share/doc/libpeers0/THIRD-PARTY.txt*
    dpkg --purge libpeers0 libpeers-dev peers >&2
}

check_wheel() {
    python3 -m venv env
    env/bin/pip install --quiet --no-index --find-links /mnt/dist peers
    env/bin/peers --version
    env/bin/python /mnt/programs/app.py
}

check_npm() {
    npm install --silent "/mnt/dist/libpeers-peers-$version.tgz"
    cp /mnt/programs/app.mjs .
    node app.mjs
}

check_jar() {
    local path=/mnt/dist/peers-$version.jar:${JNA_JAR:-/usr/share/java/jna.jar}
    javac -cp "$path" -d . /mnt/programs/App.java
    java -cp "$path:." App
}

# With the library of the archive, which cgo finds by pkg-config.
check_go_module() {
    unpack gnu
    export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib
    export GOPROXY=file:///mnt/dist/go GOSUMDB=off GOFLAGS=-mod=mod CGO_ENABLED=1
    cp /mnt/programs/app.go .
    go mod init app
    go get "github.com/libpeers/libpeers/bindings/go@v$version"
    go run .
}

main
