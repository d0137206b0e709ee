#!/bin/sh
# Gives a host its own D-Bus and Avahi daemon, with Debian's settings, and becomes the client:
#
#     unshare --mount avahi.sh CLIENT NAME ADDRESS
#
# The daemon outlives a client that is killed, as on a real host. Both daemons end some seconds after the client.
set -eu
client=$1 name=$2
mount -t tmpfs none /run
mkdir /run/avahi-daemon
mkfifo /run/client-lives
sed "s/^#host-name=.*/host-name=$name/" /etc/avahi/avahi-daemon.conf > /run/avahi-daemon.conf

export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/bus
bus=$(dbus-daemon --session --address="$DBUS_SYSTEM_BUS_ADDRESS" --fork --print-pid 2> /run/bus.log)
# A child of the client: the driver adds what it uses to what the client uses.
avahi-daemon --file=/run/avahi-daemon.conf --no-drop-root --no-chroot --no-rlimits < /dev/null > /run/avahi.log 2>&1 &
daemon=$!
# No child of the client.
(sh -c 'cat /run/client-lives; sleep 5; kill "$@"' ending "$daemon" "$bus" < /dev/null > /dev/null 2>&1 &)

exec 3> /run/client-lives
shift
exec "$client" "$@"
