"""A topology that ``mailsim up`` keeps running in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from queue import Queue
from threading import Thread


class Running:
    """A topology in a process of its own; its events are read as they come."""

    def __init__(self, folder: Path, scenario: str) -> None:
        self.environment = {**os.environ, "XDG_RUNTIME_DIR": str(folder)}
        self.copies = folder / "copies"
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "mailsim",
                "up",
                scenario,
                "--free-ports",
                "--json",
                "--deliver",
                str(self.copies),
            ],
            stdout=subprocess.PIPE,
            text=True,
            env=self.environment,
        )
        # a pipe that nobody empties would stop it
        self._lines: Queue[str] = Queue()
        Thread(target=self._drain, daemon=True).start()
        try:
            head = self.read()
        except BaseException:
            self.process.kill()
            raise
        self.ca = head["ca"]
        self.dns = head["dns"]
        self.state = Path(head["state"])
        listeners = {
            (each["host"], each["address"], each["port"]): (each["loopback"], each["actual_port"])
            for each in head["endpoints"]
        }
        self.endpoints = {host: place for (host, _, port), place in reversed(listeners.items()) if port == 25}
        self.submission = listeners.get(("Exchange Online", "203.0.113.26", 587))

    def _drain(self) -> None:
        """Take every line as it comes; an empty one stands for the end."""
        with self.process.stdout as lines:
            for line in lines:
                self._lines.put(line)
        self._lines.put("")

    def read(self) -> dict:
        """Return the next line."""
        line = self._lines.get(timeout=60)
        assert line, "the topology ended"
        return json.loads(line)

    def wait_for(self, event: str, **wanted: str) -> dict:
        """Read events until one of a kind with the given fields comes."""
        while True:
            seen = self.read()
            if seen.get("event") == event and all(seen.get(name) == value for name, value in wanted.items()):
                return seen

    def send(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Call ``mailsim send``."""
        command = [sys.executable, "-m", "mailsim", "send", *arguments]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )

    def stop(self) -> int:
        """Ask it to stop, as ^C does, and return its exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)
