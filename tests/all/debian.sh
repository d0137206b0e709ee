#!/bin/bash
# Installs the Debian packages of a folder, builds and runs programs with them, and removes them again. It is run in a
# mount namespace of its own, in a folder with the project of tests/all/outside.
set -euo pipefail
packages=$1

# What is written from here on is gone when the namespace is. /mnt is as good a place for it as any.
mount -t tmpfs tmpfs /mnt
for folder in usr etc var; do
    mkdir -p "/mnt/$folder/upper" "/mnt/$folder/work"
    mount -t overlay overlay "/$folder" \
        -o "lowerdir=/$folder,upperdir=/mnt/$folder/upper,workdir=/mnt/$folder/work"
done

if dpkg -s libpeers0 libpeers-dev peers >/dev/null 2>&1; then
    dpkg --purge libpeers0 libpeers-dev peers
fi
find /usr /etc | sort >/mnt/before

dpkg -i "$packages"/*.deb
# The packages come with the trigger that does this.
ldconfig -p | grep -F 'libpeers.so.0 '

# As everybody does: with no folder named.
cc app.c $(pkg-config --cflags --libs peers) -o app && ./app
cc app.c $(pkg-config --cflags --libs --static peers | sed s/-lpeers/-l:libpeers.a/) -o app-static
cmake -S . -B build >build.log && cmake --build build >>build.log
for program in build/c-app build/cpp-app build/cpp-app-static; do $program; done
readelf -d app | grep -F 'Shared library: [libpeers.so.0]'

# A program needs the one package alone, and a static one none.
dpkg --purge libpeers-dev && ./app
dpkg --purge libpeers0
./app-static
if ./app 2>/dev/null; then echo "the library is still there" && exit 1; fi
# The command has the library inside. Whether its pages are unpacked is up to the system.
peers --version
contents=$(dpkg-deb --contents "$packages"/peers_*.deb)
for file in man/man1/peers.1.gz man/man1/peers-doctor.1.gz bash-completion/completions/peers \
    zsh/vendor-completions/_peers fish/vendor_completions.d/peers.fish; do
    grep -F " ./usr/share/$file" <<<"$contents"
done
dpkg --purge peers
find /usr /etc | sort | diff /mnt/before - && echo "nothing is left"
