"""Signals, forks, the end of the interpreter, and the loading of the library."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial

from support import PACKAGE, PATIENCE, Start, in_thread, python

import peers
from peers import _abi, errors, records


def test_ctrl_c_ends_a_wait() -> None:
    program = """
        with peers.start("kitchen", network="memory:n") as node:
            try:
                print("waiting", flush=True)
                node.next_event()
            except KeyboardInterrupt:
                print("interrupted", flush=True)
    """
    with python(program) as process:
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=PATIENCE) == ("interrupted\n", "")


def test_the_interpreter_exits_with_an_open_node_and_a_waiting_thread() -> None:
    program = """
        import threading
        node = peers.start("kitchen", network="memory:n")
        reading = threading.Event()
        def read():
            for event in node.events():
                reading.set()
        threading.Thread(target=read, daemon=True).start()
        node.register("lamp")
        reading.wait()
    """
    with python(program) as process:
        assert process.communicate(timeout=PATIENCE) == ("", "")
        assert process.returncode == 0


def test_a_forked_child_starts_a_node_of_its_own() -> None:
    # Python 3.12 and later warn of a fork where there are threads, such as the node's.
    program = """
        import os, warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        node = peers.start("kitchen", network="memory:n")
        child = os.fork()
        if child == 0:
            for call in (node.list, node.next_event, node.fileno, node.health):
                try:
                    call()
                except peers.ForkedError:
                    continue
                os._exit(1)
            with peers.start("child", network="memory:n") as own:
                own.register("lamp")
                if own.next_event().peer.name != "lamp":
                    os._exit(2)
            node.close()
        else:
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            node.register("lamp")
            print(node.next_event().peer.name)
    """
    with python(program) as process:
        assert process.communicate(timeout=PATIENCE) == ("0\nlamp\n", "")


def test_forked_processes() -> None:
    # In an interpreter of its own, for the warning of a fork where there are threads.
    program = """
        import multiprocessing, warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        node = peers.start("kitchen", network="memory:n")
        def names(turn):
            try:
                node.list()
            except peers.ForkedError:
                with peers.start(f"child{turn}", network="memory:n") as own:
                    own.register("lamp")
                    return own.next_event().peer.name
        with multiprocessing.get_context("fork").Pool(4) as pool:
            print(set(pool.map(names, range(20))))
        node.register("lamp")
        print(node.next_event().peer.name)
    """
    with python(program) as process:
        assert process.communicate(timeout=PATIENCE) == ("{'lamp'}\nlamp\n", "")


def test_daemon_threads_at_the_end_of_the_interpreter() -> None:
    program = """
        import contextlib, threading
        nodes = [peers.start("kitchen", network="memory:n") for _ in range(3)]
        begun = threading.Barrier(7)
        def call(work):
            begun.wait()
            while True:
                with contextlib.suppress(peers.StoppedError, peers.HandleError):
                    work()
        for node in nodes:
            threading.Thread(target=call, args=(node.list,), daemon=True).start()
            threading.Thread(target=call, args=(node.next_event,), daemon=True).start()
        begun.wait()
    """
    for _ in range(5):
        with python(program) as process:
            assert process.communicate(timeout=PATIENCE) == ("", "")
            assert process.returncode == 0


def test_ctrl_c_ends_a_wait_with_a_limit() -> None:
    program = """
        with peers.start("kitchen", network="memory:n") as node:
            try:
                print("waiting", flush=True)
                node.next_event(timeout=3600)
            except KeyboardInterrupt:
                node.register("lamp")
                print(node.next_event().peer.name, flush=True)
    """
    with python(program) as process:
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=PATIENCE) == ("lamp\n", "")


def test_closed_by_many_threads_while_others_use_it(start: Start) -> None:
    for _ in range(20):
        node = start(manual_clock=False)
        gate = threading.Barrier(8)
        waits = [in_thread(partial(what_ends, gate, node.next_event)) for _ in range(2)]
        uses = [in_thread(partial(what_ends, gate, node.list)) for _ in range(2)]
        closes = [in_thread(partial(close_at, gate, node)) for _ in range(4)]
        for result in closes:
            assert result() is None
        for result in waits + uses:
            assert result() in (peers.StoppedError, peers.HandleError)


def test_a_spawned_process(start: Start) -> None:
    with start(), multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(names_in_a_process_of_its_own) == ["lamp"]


def test_an_executed_program_inherits_nothing() -> None:
    program = """
        import subprocess
        def inherited():
            listed = subprocess.run(["ls", "/proc/self/fd"], close_fds=False, stdout=subprocess.PIPE)
            return listed.stdout
        before = inherited()
        with peers.start("kitchen", interfaces="lo") as node:
            node.fileno()
            print(inherited() == before)
            node.register("lamp")
            print(node.next_event().peer.name)
    """
    with python(program) as process:
        assert process.communicate(timeout=PATIENCE) == ("True\nlamp\n", "")


def test_a_thread_in_which_all_signals_are_blocked(start: Start) -> None:
    def first_event() -> str:
        signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
        with start(manual_clock=False) as node:
            node.register("lamp")
            return node.next_event(timeout=PATIENCE).peer.name

    assert in_thread(first_event)() == "lamp"


def test_a_thousand_at_once() -> None:
    # In a process of its own, for the limit on descriptors.
    program = """
        import resource
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        nodes = [peers.start("kitchen", network=f"memory:{number}") for number in range(1000)]
        for node in nodes:
            node.register("lamp")
        print({node.next_event().peer.name for node in nodes})
        for node in nodes:
            node.close()
    """
    with python(program) as process:
        assert process.communicate(timeout=PATIENCE) == ("{'lamp'}\n", "")


def test_many_one_after_another() -> None:
    # Of 2000 each may keep a hundred bytes: less than any block that a node holds for itself.
    program = """
        import resource
        from pathlib import Path
        def resident():
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            return pages * resource.getpagesize() // 1024
        def some(count):
            for _ in range(count):
                with peers.start("kitchen", network="memory:n") as node:
                    node.fileno()
        some(500)
        before = resident()
        some(2000)
        print(max(resident() - before - 200, 0))
    """
    with python(program) as process:
        assert process.communicate(timeout=PATIENCE) == ("0\n", "")


def test_the_example_tells_what_is_wrong() -> None:
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
    watch = [sys.executable, str(PACKAGE / "examples" / "watch.py"), "--port", "0"]
    ended = subprocess.run(watch, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "port is 0; it is 1 to 65535\n"


def test_the_version() -> None:
    assert peers.library_version().split(".")[:2] == _abi.PEERS_VERSION.split(".")[:2]
    assert f'version = "{_abi.PEERS_VERSION}"' in (PACKAGE / "pyproject.toml").read_text()


def test_a_missing_library_is_named() -> None:
    with python("", PEERS_LIBRARY="/nonexistent/libpeers.so") as process:
        _, told = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1
    assert "ImportError: cannot load libpeers" in told
    assert "\n  /nonexistent/libpeers.so: " in told


def test_another_library_is_refused() -> None:
    with python("", PEERS_LIBRARY="libc.so.6") as process:
        assert "libc.so.6 is not libpeers" in process.communicate(timeout=PATIENCE)[1]


def test_every_record_is_exported() -> None:
    public = {
        name
        for module in (errors, records)
        for name, value in vars(module).items()
        if isinstance(value, type) and value.__module__ == module.__name__ and name[0] != "_"
    }
    assert public <= set(peers.__all__)


def what_ends(gate: threading.Barrier, call: Callable[[], object]) -> type[peers.PeersError]:
    gate.wait()
    while True:
        try:
            call()
        except peers.PeersError as error:
            return type(error)


def close_at(gate: threading.Barrier, node: peers.Node) -> None:
    gate.wait()
    node.close()


def names_in_a_process_of_its_own() -> list[str]:
    with peers.start("child", network="memory:n", manual_clock=True) as node:
        node.register("lamp")
        return [peer.name for peer in node.list()]
