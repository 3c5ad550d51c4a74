# SPDX-License-Identifier: Apache-2.0
"""QEMU's monitor: the hand that pulls the cable out, and the eye on the processor."""
import contextlib
import json
import re
import socket
import time

PATIENCE_S = 60


def switches(path):
    """For QEMU: a monitor at `path`, and no instruction is run before cont()."""
    return ("-S", "-qmp", f"unix:{path},server=on,wait=off")


class Monitor:
    """Of one QEMU; close() leaves QEMU alone."""

    def __init__(self, path):
        self._socket = _connect(path)
        self._lines = self._socket.makefile("rw", encoding="utf-8")
        self._lines.readline()  # the greeting
        self.execute("qmp_capabilities")

    def execute(self, command, **arguments):
        self._lines.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._lines.flush()
        while "return" not in (answer := json.loads(self._lines.readline())):
            if "error" in answer:
                raise RuntimeError(f"QEMU: {command}: {answer['error']['desc']}")
        return answer["return"]

    def _ask(self, line):
        return self.execute("human-monitor-command", **{"command-line": line})

    def set_link(self, up):
        self.execute("set_link", name="n0", up=up)

    def cont(self):
        self.execute("cont")

    def program_counter(self):
        return int(re.search(r"R15=([0-9a-f]{8})", self._ask("info registers"))[1], 16)

    def halfword(self, address):
        return int(self._ask(f"xp /1hx {address:#x}").split()[-1], 16)

    def close(self):
        self._lines.close()
        self._socket.close()


def _connect(path):
    """QEMU makes the socket soon after its start."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        with contextlib.ExitStack() as stack:
            link = stack.enter_context(socket.socket(socket.AF_UNIX))
            link.settimeout(PATIENCE_S)
            try:
                link.connect(str(path))
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
                continue
            stack.pop_all()
            return link
