# SPDX-License-Identifier: Apache-2.0
"""A firmware in QEMU: what it prints, what is sent to it, how it ends."""

import contextlib
import os
import re
import socket
import subprocess
import threading
import time

# What QEMU says for each frame that the emulated chip had no room for; the guest cannot know.
REFUSED = "Slirp: Failed to send packet"


class Silence(AssertionError):
    """A line that was waited for did not come."""


def free_udp_port():
    """A UDP port of the loopback that nobody has now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def hurry():
    """Puts the caller onto one processor, the same for all callers, and before others there if
    that is allowed. For the emulator and for what sends to it in real time.

    The emulated chip holds 15 ms of a 5 Mbit/s stream. On two processors, one of them taken away
    for longer than that (by other programs, or by the hypervisor) is enough to lose packets; on
    one, sender, chip and driver stand still together.
    """
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -15)
    except PermissionError:
        pass


def _mps2(store):
    if store is None:
        return ["qemu-system-arm", "-M", "mps2-an385"]
    return ["qemu-system-arm", "-M", "mps2-an385,memory-backend=pm", "-object",
            f"memory-backend-file,id=pm,size=16M,mem-path={store},share=on"]


# Of the flash chips of vexpress-a9 together, and the front of it that the board uses.
NOR_BYTES, NOR_USED_BYTES = 64 << 20, 18 * (256 << 10)


def _vexpress(store):
    machine = ["qemu-system-arm", "-M", "vexpress-a9", "-audiodev", "none,id=none",
               "-device", "virtio-rng-device"]
    if store is None:
        return machine
    if not os.path.exists(store):
        with open(store, "wb") as nor:
            nor.write(b"\xff" * NOR_USED_BYTES)  # as it is erased
            nor.truncate(NOR_BYTES)
    return [*machine, "-drive", f"if=pflash,index=1,format=raw,file={store}"]


# What each board is to QEMU: a function of the file that is its store, which is made if it is not
# there; None: what it holds is lost with QEMU.
MACHINES = {"mps2-an385": _mps2, "vexpress-a9": _vexpress}


def command(board, image, nic, store=None):
    """QEMU with a firmware. Its console is stdin and stdout; `nic` is of the network n0."""
    return [*MACHINES[board](store), "-kernel", image, "-display", "none", "-monitor", "none",
            "-serial", "stdio", "-semihosting-config", "enable=on,target=native", "-nic", nic]


class Guest:
    """A running firmware; leaving the context ends it.

    Its UDP port `guest_port` is reached through send(). The emulated network is QEMU's own: only
    the loopback of the host is used, which the guest sees as 10.0.2.2.
    """

    def __init__(self, board, image, guest_port=5004, network=True, more=(), store=None):
        self.lines = []  # (seconds since the start, text)
        self.frames_refused = 0  # by the emulated chip, for want of room
        self.udp_port = free_udp_port()
        self._news = threading.Condition()
        self._started = time.monotonic()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        forward = f"hostfwd=udp:127.0.0.1:{self.udp_port}-10.0.2.15:{guest_port}"
        nic = f"user,id=n0,{forward}" if network else "none"
        self._process = subprocess.Popen(
            [*command(board, image, nic, store), *more],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, encoding="utf-8", errors="replace", preexec_fn=hurry)
        self._readers = [threading.Thread(target=self._read, args=(self._process.stdout, False)),
                         threading.Thread(target=self._read, args=(self._process.stderr, True))]
        self._reading = len(self._readers)
        for reader in self._readers:
            reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._join_readers()
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.stderr.close()
        self._socket.close()

    @property
    def pid(self):
        """Of the emulator."""
        return self._process.pid

    @property
    def text(self):
        """All that was printed so far."""
        with self._news:
            return "\n".join(text for _, text in self.lines)

    def _read(self, stream, of_emulator):
        for line in stream:
            with self._news:
                if of_emulator and REFUSED in line:
                    self.frames_refused += 1
                else:
                    self.lines.append((time.monotonic() - self._started, line.rstrip("\r\n")))
                    self._news.notify_all()
        with self._news:
            self._reading -= 1
            self._news.notify_all()

    def _join_readers(self):
        for reader in self._readers:
            reader.join()

    def wait_for(self, pattern, timeout_s=10, after=0):
        """The match of the first line, from line number `after` on, that has the pattern."""
        deadline = time.monotonic() + timeout_s
        seen = after
        with self._news:
            while True:
                for _, text in self.lines[seen:]:
                    match = re.search(pattern, text)
                    if match:
                        return match
                seen = max(seen, len(self.lines))
                left = deadline - time.monotonic()
                if self._reading == 0 or left <= 0:
                    printed = "\n".join(text for _, text in self.lines)
                    raise Silence(f"no line with {pattern!r} {self._how_long(timeout_s)}; "
                                  f"printed:\n{printed}")
                self._news.wait(left)

    def _how_long(self, timeout_s):
        if self._reading > 0:
            return f"in {timeout_s} s"
        with contextlib.suppress(subprocess.TimeoutExpired):
            return f"before the emulator ended with {self._process.wait(1)}"
        return "before the emulator closed its output"

    def type(self, text):
        """A line on the console."""
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()

    def send(self, data):
        """A datagram to the guest's port."""
        self._socket.sendto(data, ("127.0.0.1", self.udp_port))

    def exit_code(self, timeout_s=10):
        """What the firmware ended with, by itself; all it printed has been read then."""
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise Silence(f"still running after {timeout_s} s; printed:\n{self.text}") from None
        self._join_readers()
        return code
