"""A real browser without a window: Chromium, driven by its DevTools protocol over a pair of pipes."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

# Resolves when the condition holds, now or after a change of the page.
_UNTIL = """
new Promise((done) => {
  const look = () => { if (CONDITION) { observer.disconnect(); done(document.body.innerText); } };
  const observer = new MutationObserver(look);
  observer.observe(document, { childList: true, subtree: true, characterData: true });
  look();
})
"""


class Page:
    """One page of a browser of its own."""

    def __init__(self, program: str, profile: Path) -> None:
        # The browser reads commands from descriptor 3, and writes to descriptor 4.
        commands, self._commands = os.pipe()
        answers, write_answers = os.pipe()

        def place() -> None:
            # Out of the way first: each may have the number of the other.
            kept = [os.dup(number) for number in (commands, write_answers)]
            os.dup2(kept[0], 3)
            os.dup2(kept[1], 4)

        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1000,500"]
        options += ["--remote-debugging-pipe", f"--user-data-dir={profile}"]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._browser = subprocess.Popen([program, *options], preexec_fn=place, pass_fds=(3, 4), **quiet)
        os.close(commands)
        os.close(write_answers)
        self._answers = os.fdopen(answers, "rb")
        self._number = 0
        self._session: dict[str, str] = {}
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": attached["sessionId"]}
        self._call("Page.enable")

    def __enter__(self) -> Page:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._commands)
        self._browser.kill()
        self._browser.wait()
        self._answers.close()

    def open(self, url: str) -> None:
        """Loads a page."""
        self._call("Page.navigate", url=url)
        while self._message().get("method") != "Page.loadEventFired":
            pass

    def until(self, condition: str) -> str:
        """Waits until a condition in JavaScript holds, and returns the text of the page."""
        expression = _UNTIL.replace("CONDITION", condition)
        answer = self._call("Runtime.evaluate", expression=expression, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"]["value"]

    def screenshot(self, path: Path) -> None:
        """Writes a picture of the page."""
        path.write_bytes(base64.b64decode(self._call("Page.captureScreenshot")["data"]))

    def _call(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters, **self._session}
        os.write(self._commands, json.dumps(command).encode() + b"\0")
        while True:
            message = self._message()
            if message.get("id") == self._number:
                assert "result" in message, message
                return message["result"]

    def _message(self) -> Any:
        content = bytearray()
        while (byte := self._answers.read(1)) != b"\0":
            assert byte, "the browser has ended"
            content += byte
        return json.loads(content)
