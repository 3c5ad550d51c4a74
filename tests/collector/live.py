# SPDX-License-Identifier: Apache-2.0
"""`make live`: the collector with its page, for devices that somebody has just flashed.

It prints where the page is and what to flash a device with, and runs until Ctrl-C. DEVICE=name
boots a device of its own and streams to it. PORT=n is another port than the usual one, and the page
is at the next. What was stored stays in build/live, and so do the certificates.
"""
import contextlib
import ipaddress
import os
import pathlib
import random
import signal
import socket
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "e2e"), str(ROOT / "tests" / "demo")]
import board  # noqa: E402
import scenario  # noqa: E402
from devices import DEVICES  # noqa: E402
from stages import only_one, stage  # noqa: E402

FOLDER = pathlib.Path(os.environ.get("TALLY_LIVE_DIR", ROOT / "build" / "live"))
KEPT = ("certs", "collector.db", "firmware", "media")
PORT = int(os.environ.get("PORT") or 8470)  # the same each time: a flashed device has it in it
PAGE_PORT = PORT + 1
STREAM_S, STREAM_KBPS, PAUSE_S = 40, 1250, 2
MISHAPS = ("--drop", "12", "--duplicate", "4", "--reorder", "4", "--bye")
BETWEEN_S = 3.0  # a viewer who goes from one film to the next


def certificates(host):
    """A set for each host: the server's certificate names where devices find it."""
    if host == "127.0.0.1":
        return scenario.make_certificates(FOLDER / "certs")
    try:
        name = f"IP:{ipaddress.ip_address(host)}"
    except ValueError:
        name = f"DNS:{host}"
    os.environ["TALLY_SERVER_NAMES"] = name
    return scenario.make_certificates(FOLDER / f"certs-{host}")


def refuse_taken_ports(host):
    """A port that somebody has is said in a line, ahead of everything that takes time."""
    for at, port in ((host, PORT), ("127.0.0.1", PAGE_PORT)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((at, port))
            except OSError as reason:
                sys.exit(f"live: {at}:{port}: {reason.strerror}; PORT=n takes n and the one behind it")


def start_collector(stack, certs, host):
    collector = scenario.Collector(FOLDER, certs, "--host", host, "--page", PAGE_PORT, port=PORT)
    stack.callback(collector.stop)
    return collector


def endpoint(host):
    return f"https://{host}:{PORT}{scenario.PATH}"


def shown(path):
    """As make takes it, which is called at the top of the tree."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def instructions(certs, host):
    """What to type for a device of one's own."""
    flashing = "make firmware BOARD={} ENDPOINT={} CERTS={}"
    lines = ["", f"  page:     http://localhost:{PAGE_PORT}/",
             f"  database: {shown(FOLDER / 'collector.db')}", "", "  flash a device with:"]
    if host == "127.0.0.1":
        lines += ["    " + flashing.format("mps2-an385", endpoint(board.HOST), shown(certs)),
                  f"  {board.HOST} is this machine for a board in QEMU; for one on the network:",
                  "    make live HOST=ADDRESS"]
    else:
        lines += ["    " + flashing.format("BOARD", endpoint(host), shown(certs))]
    return "\n".join([*lines, "", "Ctrl-C ends it.", ""])


class Show:
    """A device that plays one stream after the other, each with mishaps of its own."""

    def __init__(self, stack, device, certs):
        self._stack = stack
        with stage(f"media: H.264 and AAC at {STREAM_KBPS / 1000:g} Mbit/s"):
            self._media = scenario.make_media(FOLDER, STREAM_S, STREAM_KBPS)
        with stage(device.building):
            image = device.build(FOLDER, certs, PORT)
        with stage(device.starting) as notes:
            self._device = device(FOLDER, certs, PORT, image)
            stack.callback(self._device.stop)
            notes.append(f"RTP at {self._device.address}")

    def play(self, seed):
        sender = scenario.Sender(FOLDER, self._media, self._device, "--seconds", STREAM_S,
                                 "--seed", seed, "--pause", f"{STREAM_S // 3}:{PAUSE_S}", *MISHAPS)
        with contextlib.ExitStack() as until:
            until.callback(sender.stop)
            sender.finish(2 * STREAM_S)
        time.sleep(BETWEEN_S)
        if not self._device.is_running():
            raise scenario.Failed(self._device.name, "a device that runs", "its end",
                                  self._device.log)


class EndlessLinux(DEVICES["linux"]):
    """tallyd that stays when a stream has ended."""

    def __init__(self, folder, certs, port, image):
        super().__init__(folder, certs, port, image, exit_when_ended="no")


def run(name, host):
    device = EndlessLinux if name == "linux" else DEVICES.get(name)
    with contextlib.closing(only_one(FOLDER, KEPT)), contextlib.ExitStack() as stack:
        with stage("certificates: a CA, a server, a device"):
            certs = certificates(host)
        with stage("collector, with its page"):
            collector = start_collector(stack, certs, host)
        print(instructions(certs, host), flush=True)
        show = Show(stack, device, certs) if device else None
        seed = int(os.environ.get("SEED") or random.randrange(1, 1 << 31))
        while collector.is_running():
            if show:
                show.play(seed)
                seed += 1
            else:
                time.sleep(1.0)
    raise scenario.Failed("collector", "a collector that runs", "its end", collector.log)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    name, host = os.environ.get("DEVICE", ""), os.environ.get("HOST") or "127.0.0.1"
    if name and name not in DEVICES:
        sys.exit(f"live: no device '{name}'; DEVICE is one of: {', '.join(DEVICES)}")
    if name and host != "127.0.0.1":
        sys.exit("live: DEVICE is for this machine alone, without HOST")
    refuse_taken_ports(host)
    try:
        run(name, host)
    except scenario.Failed as failure:
        sys.exit(f"\nlive: {failure}")
    except KeyboardInterrupt:
        print(f"\nlive: ended; what was stored is in {shown(FOLDER / 'collector.db')}")


if __name__ == "__main__":
    main()
