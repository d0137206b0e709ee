"""Hosts on one bridge: network namespaces, whose links and addresses change at random."""

from __future__ import annotations

import contextlib
import random
import subprocess

#: Changes of a host. "cut" leaves the link up, and lets nothing pass.
CHANGES = ["down", "up", "cut", "unplug", "address", "no address", "second", "extra", "no extra", "bridge"]


class Namespace:
    """A network namespace, which ends with this process."""

    def __init__(self) -> None:
        self.holder = subprocess.Popen(
            ["unshare", "-n", "sh", "-c", "echo ready; exec cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.holder.stdout and self.holder.stdout.readline() == "ready\n"
        self.enter = ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net"]
        self.ip("link set lo up")

    def ip(self, words: str) -> None:
        """Runs ip in the namespace. CalledProcessError if the system refuses it."""
        subprocess.run([*self.enter, "ip", *words.split()], check=True, capture_output=True)

    def try_ip(self, words: str) -> None:
        """Runs ip in the namespace. The change may be impossible, or made already."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self.ip(words)

    def close(self) -> None:
        """Ends the namespace, once no other process is in it."""
        self.holder.kill()
        self.holder.wait()


class Hub(Namespace):
    """The namespace of the bridge."""

    def __init__(self) -> None:
        super().__init__()
        self.ip("link add hub type bridge mcast_snooping 0")
        self.ip("link set hub up")


class Host(Namespace):
    """A host with a card eth0 on the bridge."""

    def __init__(self, hub: Hub, number: int) -> None:
        super().__init__()
        self.hub, self.number = hub, number
        self.address = f"10.7.0.{number}"
        self.restore()

    def restore(self) -> None:
        """Sets the card of the host up again, with the IPv4 address of the host and no other."""
        port = f"p{self.number}"
        self.hub.try_ip(f"link add {port} type veth peer name eth0 netns {self.holder.pid}")
        self.hub.ip(f"link set {port} master hub up")
        # The system then makes the IPv6 address anew.
        self.ip("link set eth0 down")
        self.ip("link set eth0 up")
        self.ip("-4 addr flush dev eth0")
        self.ip(f"addr add {self.address}/24 dev eth0")
        self.try_ip("link delete extra")

    def change(self, dice: random.Random) -> str:
        """Changes a link or an address, and returns the kind of the change."""
        kind = dice.choice(CHANGES)
        if kind in ("down", "up"):
            self.try_ip(f"link set eth0 {kind}")
        elif kind == "cut":
            self.hub.try_ip(f"link set p{self.number} nomaster")
        elif kind == "unplug":
            self.try_ip("link delete eth0")
        elif kind == "address":
            self.try_ip("-4 addr flush dev eth0")
            self.try_ip(f"addr add 10.7.{dice.randrange(1, 4)}.{self.number}/16 dev eth0")
        elif kind == "no address":
            self.try_ip("addr flush dev eth0")
        elif kind == "second":
            self.try_ip(f"addr add 10.7.9.{self.number}/24 dev eth0")
        elif kind == "extra":
            self.try_ip("link add extra type dummy")
            self.try_ip("link set extra multicast on up")
            self.try_ip(f"addr add 10.8.{self.number}.1/24 dev extra")
        elif kind == "no extra":
            self.try_ip("link delete extra")
        else:
            self.try_ip("link add veil type bridge")
            self.try_ip("link delete veil")
        return kind

    def close(self) -> None:
        """Removes the host from the bridge at once; the namespace may take longer to end."""
        self.hub.try_ip(f"link delete p{self.number}")
        super().close()
