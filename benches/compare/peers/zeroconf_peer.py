"""python-zeroconf as a peer of the comparison: `zeroconf_peer.py NAME ADDRESS`, with its defaults.

What the lines mean is in benches/compare/README.md.
"""

import socket
import sys

from zeroconf import ServiceBrowser, ServiceInfo, ServiceListener, Zeroconf

SERVICE = "_peers-cmp._udp.local."


def tell(what: str, name: str) -> None:
    print(what, name.removesuffix(f".{SERVICE}"), flush=True)


class Teller(ServiceListener):
    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        # A name alone is of no use: somebody is known when his address is.
        if zc.get_service_info(type_, name):
            tell("joined", name)

    def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        pass

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        tell("left", name)


def main() -> None:
    name, address = sys.argv[1:]
    print("ready", flush=True)
    sys.stdin.readline()
    zc = Zeroconf()
    browser = ServiceBrowser(zc, SERVICE, Teller())
    service = ServiceInfo(
        SERVICE, f"{name}.{SERVICE}", port=9, server=f"{name}.local.", addresses=[socket.inet_aton(address)]
    )
    zc.register_service(service)
    tell("started", name)
    sys.stdin.readline()
    zc.unregister_service(service)
    browser.cancel()
    zc.close()


if __name__ == "__main__":
    main()
