"""The command `peers`: looks at the local network, and announces on it, from a shell."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from .. import _abi
from .._library import library_version
from ..errors import PeersError
from . import announce, doctor, listing, watch

_INTERRUPTED = 128 + signal.SIGINT
_NOBODY_READS = 128 + signal.SIGPIPE

_EPILOG = """\
While it looks, the command is a peer like any other. The others list it as "HOST (peers COMMAND PID)".

exit status:
  0    done; for watch and announce: ended by Ctrl-C or SIGTERM
  1    it failed, and the standard error says why; for list: fewer peers than --count;
       for doctor: something is wrong
  2    the command line is wrong
  130  list or doctor was interrupted
  141  nobody reads the output any more
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command with these arguments, by default those of the process. Returns its exit status."""
    options = _parser().parse_args(arguments)
    # SIGTERM ends the command as Ctrl-C does, with a goodbye.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # A name in letters that the terminal does not have is no reason to end.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # What is still in the buffer must not be tried again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _NOBODY_READS
    except (PeersError, OSError) as error:
        print(f"peers {options.command}: {error}", file=sys.stderr)
        return 1
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="peers",
        description="Find the programs on the local network that use libpeers, and announce one.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    versions = f"peers {_abi.PEERS_VERSION}, libpeers {library_version()}"
    parser.add_argument("--version", action="version", version=versions)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (watch, listing, announce, doctor):
        command.add_to(commands)
    return parser
