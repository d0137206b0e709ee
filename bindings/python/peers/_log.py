"""The library's log, handed to Python's."""

from __future__ import annotations

import logging
from typing import Any, Protocol

from . import _abi

_LEVELS = {
    _abi.PEERS_LOG_ERROR: logging.ERROR,
    _abi.PEERS_LOG_WARN: logging.WARNING,
    _abi.PEERS_LOG_INFO: logging.INFO,
    _abi.PEERS_LOG_DEBUG: logging.DEBUG,
}


class Logger(Protocol):
    """What a `logging.Logger` and a `logging.LoggerAdapter` have."""

    def log(self, level: int, msg: str, /, *args: Any) -> Any:
        """Logs `msg % args`."""


def function(logger: Logger) -> Any:
    """A function for the library to call. It has to be kept for as long as the node lives. What it raises
    goes to `sys.unraisablehook`, by ctypes."""
    log = logger.log

    def write(level: int, message: bytes, _context: object) -> None:
        log(_LEVELS.get(level, logging.INFO), "%s", message.decode())

    return _abi.peers_log_fn(write)
