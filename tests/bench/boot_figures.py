# SPDX-License-Identifier: Apache-2.0
"""How long vexpress-a9 takes from its reset vector to records that are durable in its NOR flash.

QEMU says so, not the firmware: its trace has each word that goes to the flash chips, and each value
of the board's 24 MHz counter, which begins at 0 with the machine. A record is durable when its last
word is programmed, and that was before the next look at the counter.
"""
import pathlib
import re
import subprocess
import sys
import threading

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS / "qemu"), str(TESTS / "spool"),
                str(TESTS / "campaign")]
import board  # noqa: E402
import flash_image  # noqa: E402
import flash_phase  # noqa: E402
import machines  # noqa: E402
import qemu  # noqa: E402
import scenario  # noqa: E402

BOARD = "vexpress-a9"
# Each instruction takes 4 ns of the guest's time: 400 MHz, the CoreTile's clock, at 0.6 a cycle.
COUNTED_TIME = ("-icount", "shift=2,align=off,sleep=on")
COUNTER_HZ = 24_000_000
COUNTER = re.compile(r"memory_region_ops_read .* addr 0x1000005c value 0x([0-9a-f]+) ")
WITHIN_S = 60
# What durable records are called in the figures, by their tags in the flash (agent/SPEC.md, "Flash").
AWAITED = {ord("b") & 0x1F: "first_record", ord("s") & 0x1F: "session_record"}


def times(lines):
    """Name and milliseconds of each kind of record that is awaited, as soon as it is durable."""
    phase = flash_phase.FlashPhase(machines.MACHINES[BOARD].area)
    durable = dict(AWAITED)
    told = []
    for line in lines:
        if phase.take(line) == "end" and phase.entry.tag in durable:
            told.append(durable.pop(phase.entry.tag))
        elif told and (counter := COUNTER.search(line)):
            for name in told:
                yield name, int(counter[1], 16) * 1000 / COUNTER_HZ
            told = []
            if not durable:
                return


def boot(image, store):
    """times() of a boot with this flash."""
    command = [*qemu.command(BOARD, image, "user,id=n0", store), *COUNTED_TIME,
               "-trace", "memory_region_ops_read", *flash_phase.switches()]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, errors="replace") as guest:
        end = threading.Timer(WITHIN_S, guest.kill)
        end.start()
        try:
            found = dict(times(guest.stderr))
        finally:
            end.cancel()
            guest.kill()
    if len(found) < len(AWAITED):
        raise scenario.Failed(BOARD, f"{list(AWAITED.values())} in {WITHIN_S} s", found, store)
    return found


def figures(folder, certs, port):
    """(name, value, unit) of each: with flash that is new, and with a spool that is full."""
    image = board.build(BOARD, folder / BOARD, certs, port)
    new, full = folder / "new.nor", folder / "full.nor"
    new.unlink(missing_ok=True)
    used, _rings = flash_image.flash(laps=1)
    flash_image.write(full, used)
    for state, store in (("", new), ("_full", full)):
        for name, ms in boot(image, store).items():
            yield f"vexpress.boot_to_{name}{state}.ms", round(ms, 1), "ms"
