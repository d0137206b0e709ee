#!/usr/bin/env bash
# Makes the artifacts of a release in dist/, or in the folder $DIST, and their checksums.
#
#   packaging/release.sh [TARGET…]    all targets below, or these alone
#
# Needs the tools of .ci/setup: cargo-zigbuild and zig, which link for an old glibc and for other machines, and the
# packaging tools of each language.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/target/tools/bin:$PATH"

# The number is the oldest glibc that has to do. riscv64 has none before 2.27.
targets=(
    x86_64-unknown-linux-gnu.2.17
    aarch64-unknown-linux-gnu.2.17
    armv7-unknown-linux-gnueabihf.2.17
    i686-unknown-linux-gnu.2.17
    riscv64gc-unknown-linux-gnu.2.27
    x86_64-unknown-linux-musl
    aarch64-unknown-linux-musl
)
[ $# -eq 0 ] || targets=("$@")

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)
dist=$(realpath -m "${DIST:-dist}")
work=$PWD/target/release-artifacts
# What install.sh and the tools below it build with.
export CARGO=cargo-zigbuild CARGO_TARGET_DIR=$PWD/target/zig
# The maintainer of the Debian packages.
export DEBFULLNAME=${DEBFULLNAME:-The libpeers authors} DEBEMAIL=${DEBEMAIL:-libpeers@users.noreply.github.com}
# Archives made twice of one commit are the same.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH

main() {
    rm -rf "$dist" "$work"
    mkdir -p "$dist" "$work"
    for target in "${targets[@]}"; do
        install_target
        pack_archive
        pack_debian
        pack_wheel
    done
    pack_sdist
    pack_npm
    pack_jar
    pack_go
    pack_crates
    packaging/third_party.py sbom >"$dist/libpeers-$version.cdx.json"
    (cd "$dist" && find . -type f ! -name SHA256SUMS -printf '%P\n' | sort | xargs sha256sum >SHA256SUMS)
    (cd "$dist" && find . -type f -printf '%P %s\n' | sort)
}

# The target without vendor and version of glibc: x86_64-linux-gnu.
short_name() {
    sed -e 's/-unknown//' -e 's/\.[0-9.]*$//' <<<"${1:-$target}"
}

# The folder with what install.sh has installed for a target.
prefix_of() {
    echo "$work/libpeers-$version-$(short_name "$1")"
}

install_target() {
    CARGO_BUILD_TARGET=$target PREFIX=$(prefix_of "$target") ./install.sh
}

pack_archive() {
    archive "$work" "libpeers-$version-$(short_name)"
}

# archive FOLDER NAME: FOLDER/NAME as a tar.gz.
archive() {
    tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -C "$1" -cf - "$2" |
        gzip -9n >"$dist/$2.tar.gz"
}

pack_debian() {
    case $target in
    x86_64-*-gnu* | aarch64-*-gnu* | armv7-*-gnueabihf*)
        CARGO_BUILD_TARGET=$target packaging/deb.sh "$dist"
        ;;
    esac
}

# The tag names the target, so one environment makes the wheels of all.
pack_wheel() {
    case $target in
    x86_64-* | aarch64-*)
        (
            cd bindings/python
            CARGO_BUILD_TARGET=$target PEERS_WHEEL_PREFIX=$(prefix_of "$target") hatchling build -t wheel -d "$dist"
        )
        ;;
    esac
}

pack_sdist() {
    (cd bindings/python && hatchling build -t sdist -d "$dist")
}

# One package with the libraries of all targets: koffi, which loads them, is made so too.
pack_npm() {
    local package=$work/npm
    copy_tracked bindings/node "$package"
    cp LICENSE-APACHE LICENSE-MIT packaging/THIRD-PARTY.txt "$package"
    for target in "${targets[@]}"; do
        copy_library "$package/native/$(node_name)"
    done
    (cd "$package" && npm pack --silent --pack-destination "$dist")
}

# As Node has it in process.platform and process.arch, with the C library behind.
node_name() {
    local machine libc=gnu
    case $target in
    x86_64-*) machine=x64 ;;
    aarch64-*) machine=arm64 ;;
    armv7-*) machine=arm ;;
    i686-*) machine=ia32 ;;
    riscv64gc-*) machine=riscv64 ;;
    esac
    case $target in *-musl*) libc=musl ;; esac
    echo "linux-$machine-$libc"
}

# JNA looks for a library in these folders of the class path. It has no name for musl, nor a part of its own for it.
jna_name() {
    case $target in
    *-musl*) ;;
    x86_64-*) echo linux-x86-64 ;;
    aarch64-*) echo linux-aarch64 ;;
    armv7-*) echo linux-arm ;;
    i686-*) echo linux-x86 ;;
    riscv64gc-*) echo linux-riscv64 ;;
    esac
}

pack_jar() {
    local package=$work/java name
    local resources=$package/src/main/resources
    local maven=(mvn -q -Dmaven.test.skip -Dproject.build.outputTimestamp="$SOURCE_DATE_EPOCH")
    # Debian's packages of Maven's plugins and of JNA, without a repository on the network.
    [ ! -d /usr/share/maven-repo ] || maven+=(-o -Dmaven.repo.local=/usr/share/maven-repo)
    copy_tracked bindings/java "$package"
    for target in "${targets[@]}"; do
        name=$(jna_name)
        [ -z "$name" ] || copy_library "$resources/$name"
    done
    mkdir -p "$resources/META-INF"
    cp LICENSE-APACHE LICENSE-MIT packaging/THIRD-PARTY.txt "$resources/META-INF"
    (cd "$package" && "${maven[@]}" package)
    cp "$package/target/peers-$version.jar" "$dist"
    cp "$package/pom.xml" "$dist/peers-$version.pom"
}

# A module proxy in a folder, which GOPROXY can name: the module's files have its path and version before them.
pack_go() {
    local module folder files
    module=$(sed -n 's/^module //p' bindings/go/go.mod)
    folder=$dist/go/$module/@v
    files=$work/go/$module@v$version
    copy_tracked bindings/go "$files"
    cp LICENSE-APACHE LICENSE-MIT "$files"
    mkdir -p "$folder"
    echo "v$version" >"$folder/list"
    printf '{"Version":"v%s","Time":"%s"}\n' "$version" "$(date -ud "@$SOURCE_DATE_EPOCH" +%FT%TZ)" >"$folder/v$version.info"
    cp bindings/go/go.mod "$folder/v$version.mod"
    zip_files "$work/go" "$folder/v$version.zip"
}

# zip_files FOLDER ARCHIVE: the files below a folder. Go refuses a zip that names the folders, too.
zip_files() {
    (
        cd "$1"
        find . -type f -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
        find . -type f -printf '%P\n' | sort | zip -q -X -@ "$2"
    )
}

pack_crates() {
    cargo package --quiet --locked --no-verify --allow-dirty --package peers-proto --package peers --package peers-cli
    cp "$CARGO_TARGET_DIR"/package/{peers-proto,peers,peers-cli}-"$version".crate "$dist"
}

# copy_tracked FOLDER TO: the committed files of a folder.
copy_tracked() {
    mkdir -p "$2"
    git archive HEAD "$1" | tar -x -C "$2" --strip-components="$(tr -cd / <<<"$1/" | wc -c)"
}

# copy_library FOLDER: the shared library of the target.
copy_library() {
    mkdir -p "$1"
    cp "$(prefix_of "$target")/lib/libpeers.so.$version" "$1/libpeers.so"
}

main
