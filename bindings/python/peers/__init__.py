"""Find the other instances of your program on the local network.

    import peers

    with peers.start(name="kitchen") as node:
        for event in node.events():
            print(event.kind.name, event.peer)

A multicast beacon announces the program, and a registry lists the peers whose beacons are heard, each until
it says goodbye or has not been heard for a while. No daemon, no server, no configuration. All times are in
seconds. Every error is a `PeersError`, and where Python has one of that meaning (ValueError, TimeoutError,
OSError...) that one too.

This package is a thin layer over the C library libpeers. A wheel carries it; otherwise it is looked for at
$PEERS_LIBRARY, in the checkout that the package is part of, and on the system. $PEERS_LIBRARY comes first and
alone: who names a library means that one.
"""

from ._input import Mode
from ._key_file import read_key_file
from ._library import library_version
from ._start import start
from ._txt import txt, txt_get, txt_put
from .errors import (
    AddressInUseError,
    DeadlockError,
    EncodingError,
    FailedError,
    ForkedError,
    FullError,
    HandleError,
    InterfaceError,
    InvalidError,
    NotFoundError,
    NullError,
    PeersError,
    PermissionDeniedError,
    RefusedError,
    SizeError,
    StoppedError,
    TimedOutError,
    TooLargeError,
    UnsupportedError,
)
from .node import Node
from .records import (
    Event,
    EventKind,
    Health,
    InterfaceStatus,
    LeaveReason,
    Peer,
    Reason,
    Source,
    State,
    Usage,
)
from .subscription import Subscription

__all__ = [
    "AddressInUseError",
    "DeadlockError",
    "EncodingError",
    "Event",
    "EventKind",
    "FailedError",
    "ForkedError",
    "FullError",
    "HandleError",
    "Health",
    "InterfaceError",
    "InterfaceStatus",
    "InvalidError",
    "LeaveReason",
    "Mode",
    "Node",
    "NotFoundError",
    "NullError",
    "Peer",
    "PeersError",
    "PermissionDeniedError",
    "Reason",
    "RefusedError",
    "SizeError",
    "Source",
    "State",
    "StoppedError",
    "Subscription",
    "TimedOutError",
    "TooLargeError",
    "UnsupportedError",
    "Usage",
    "library_version",
    "read_key_file",
    "start",
    "txt",
    "txt_get",
    "txt_put",
]
