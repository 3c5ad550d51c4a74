# SPDX-License-Identifier: Apache-2.0
"""`make size`: flash, static RAM and stack of each board's image, by component.

size.py writes build/size.json and the README's tables; size.py --check fails if the board's has
drifted, size.py --check-processors if that of agent/ on the processors has.

Flash and RAM come from the sections of the linked image; attribution.py shares them out. "other"
is what no line and no symbol covers: string literals, alignment, the stack.

Stack is an upper bound for the agent task: in each component the deepest chain of direct calls, as
the compiler reports frames and calls, and the components on top of one another.
"""
import json
import os
import pathlib
import re
import subprocess
import sys

import attribution
import memory_table
import processors
import stack

ROOT = pathlib.Path(__file__).resolve().parents[1]
# Where images are built; a test has a folder of its own.
BUILD = pathlib.Path(os.environ.get("TALLY_SIZE_BUILD", ROOT / "build" / "size"))
# The board whose table is in the README.
TABLE_BOARD = "mps2-an385"
PARTS = ("agent", "port", "mbedtls", "lwip", "board", "libc", "other")
# Sections of an image that lie in flash, and in RAM while it runs.
FLASH = re.compile(r"\.(text|rodata|eh_frame.*|ARM\.(exidx|extab)|data(\.rel\.ro)?|init.*|fini.*|"
                   r"plt.*|got.*|rela.*|dyn.*|interp|gnu.*|hash|note.*|vectors|preinit.*)$")
RAM = re.compile(r"\.(data(\.rel\.ro)?|bss|stack|noinit|uncached|tbss|tdata|got.*|init_array|fini_array|"
                 r"dynamic)$")


def run(*command):
    return subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True,
                          cwd=ROOT).stdout


def component(path):
    """The part that a source or object file belongs to; None: it has no source. The compiler names
    folders as cmake/reproducible.cmake says, but in its report of the stack as they are."""
    if path is None:
        return "libc"
    for library in ("mbedtls", "lwip"):
        if path.startswith(f"/{library}/") or f".deps/{library}/" in path:
            return library
    inside = path.removeprefix("/tally/").removeprefix(f"{ROOT}/")
    room = inside.removeprefix("/").split("/")[0]
    if room in ("agent", "port"):
        return room
    return "board" if room in ("boards", "build", "tally-build", "CMakeFiles") else "libc"


def sections(tools, image):
    """Bytes in flash and in RAM."""
    flash = ram = 0
    for line in run(tools + "size", "-A", image).splitlines():
        fields = line.split()
        if len(fields) == 3 and fields[1].isdigit() and int(fields[1]) > 0:
            flash += int(fields[1]) if FLASH.match(fields[0]) else 0
            ram += int(fields[1]) if RAM.match(fields[0]) else 0
    return flash, ram


def share_out(tools, image, flash, ram):
    parts = {name: {"flash": 0, "ram": 0} for name in PARTS}
    parts |= attribution.attribute(tools, image, component)
    for where, total in (("flash", flash), ("ram", ram)):
        parts["other"][where] = total - sum(part[where] for part in parts.values())
    return parts


def certificates():
    folder = BUILD / "certs"
    run(ROOT / "tests/certs/make_certs.sh", folder)
    # Any key on P-256 makes the image take remote configuration.
    run("openssl", "pkey", "-in", folder / "device.key", "-pubout",
        "-out", folder / "operator.pem")
    return folder


def build(board):
    """The image of a board, with the compiler's report of its stack beside the objects."""
    folder = BUILD / board
    options = [f"-DTALLY_BOARD={board}", "-DCMAKE_BUILD_TYPE=MinSizeRel", "-DTALLY_STACK_USAGE=ON"]
    toolchain = ROOT / "boards" / board / "toolchain"
    if toolchain.exists():
        options += ["--toolchain", ROOT / "toolchains" / (toolchain.read_text().strip() + ".cmake"),
                    "-DTALLY_ENDPOINT=https://10.0.2.2:8443/v1/records",
                    f"-DTALLY_CERTS={certificates()}"]
    run("cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", *options)
    run("cmake", "--build", folder)
    return folder / ("tally.elf" if toolchain.exists() else "tallyd")


def measure(board):
    image = build(board)
    tools = "arm-none-eabi-" if image.suffix == ".elf" else ""
    flash, ram = sections(tools, image)
    parts = share_out(tools, image, flash, ram)
    deepest = stack.deepest_by_component(image.parent, component)
    for name, part in parts.items():
        part["stack"] = deepest.get(name, 0)
    return {"flash": flash, "ram": ram, "stack": sum(deepest.values()), "parts": parts}


def table(board, figures):
    print(f"{board:<14} {'flash':>9} {'RAM':>9} {'stack':>7}   bytes")
    for name, part in figures["parts"].items():
        print(f"  {name:<12} {part['flash']:>9,} {part['ram']:>9,} {part['stack']:>7,}")
    print(f"  {'whole image':<12} {figures['flash']:>9,} {figures['ram']:>9,} "
          f"{figures['stack']:>7,}\n")


def measure_or_exit(board):
    try:
        return measure(board)
    except subprocess.CalledProcessError as error:
        sys.exit(f"size: {board}: {' '.join(map(str, error.cmd))}\n{error.stdout}{error.stderr}")


def processors_or_exit():
    try:
        return processors.measure_all(run, BUILD)
    except subprocess.CalledProcessError as error:
        sys.exit(f"size: {' '.join(map(str, error.cmd))}\n{error.stdout}{error.stderr}")


def processor_lines(figures):
    print(f"{'agent/ by itself':<32} {'flash':>9} {'RAM':>9}   bytes")
    for name, one in figures.items():
        print(f"  {name:<30} {one['flash']:>9,} {one['ram']:>9,}")
    print()


def check(found):
    for line in found:
        print(f"size: {line}", file=sys.stderr)
    print("size: README agrees" if not found else
          "size: the README's memory table has drifted; rerun: make size")
    return 1 if found else 0


def main():
    if sys.argv[1:] == ["--check"]:
        return check(memory_table.drifts(measure_or_exit(TABLE_BOARD)))
    if sys.argv[1:] == ["--check-processors"]:
        return check(memory_table.processor_drifts(processors_or_exit()))
    figures = {}
    for board in sorted(p.parent.name for p in (ROOT / "boards").glob("*/board.cmake")):
        figures[board] = measure_or_exit(board)
        table(board, figures[board])
    figures["processors"] = processors_or_exit()
    processor_lines(figures["processors"])
    memory_table.write(TABLE_BOARD, figures[TABLE_BOARD], figures["processors"])
    out = ROOT / "build" / "size.json"
    out.write_text(json.dumps(figures, indent=1) + "\n")
    print(f"written: {out.relative_to(ROOT)}, README.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
