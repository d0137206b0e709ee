# Runs one end of a WireGuard tunnel, as wg0 of a host, and prints "up" when it is.
#
# usage: tunnel.sh OWN_PRIVATE_KEY PEER_PUBLIC_KEY OWN_ADDRESS PEER_HOST ALLOWED_IPS
set -eu
if [ "$#" = 5 ]; then
    # With a /run of its own: the socket by which wg configures the tunnel is named after the interface alone.
    exec unshare -m sh "$0" "$@" here
fi
mount -t tmpfs none /run
umask 077
echo "$1" >/run/key
(
    until wg set wg0 listen-port 51820 private-key /run/key peer "$2" endpoint "$4:51820" allowed-ips "$5" 2>/dev/null; do
        sleep 0.01
    done
    ip address add "$3" dev wg0
    ip link set wg0 up
    echo up
) &
exec wireguard-go -f wg0 >/dev/null 2>&1
