# SPDX-License-Identifier: Apache-2.0
"""Flash and RAM of the agent by itself: Cortex-M3, -Os, no LTO, unused functions left out.

Flash is read off the linker's map of a program that makes every public call: code and constants of
each source file of agent/src; of settings.c, which the board begins with, of its object. RAM is the
size of the agent's state less that of spool, uplink and remote configuration; of the spool, less its record's buffer.
"""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent / "footprint"
COMPILE = ["arm-none-eabi-gcc", "-std=c11", "-mcpu=cortex-m3", "-mthumb", "-Os",
           "-ffunction-sections", "-fdata-sections", f"-I{HERE}", f"-I{ROOT}/agent/include"]
# From the hook to the report, with what serves these stages alone and the joints between them.
LINE = {"hook", "session", "story", "figures", "dimensions", "viewing", "playhead", "intervals",
        "level", "histogram", "metrics", "limit", "report", "cbor", "text", "live", "tell", "front"}
STREAMS = {"rtp", "ts", "ts_psi", "frames", "webrtc"}
# The spool is these and all whose names begin with spool or ring.
SPOOL = {"checkpoint", "entry"}
# An input section of an object file that was kept: name, address, size, object.
KEPT = re.compile(r"^ \.(?:text|rodata)\S*\s+0x0*[1-9a-f][0-9a-f]*\s+0x([0-9a-f]+) (\S+\.o)$",
                  re.MULTILINE)
# The linker breaks the line behind a long name.
BROKEN = re.compile(r"^( \.\S+)\n\s+", re.MULTILINE)


def compile_all(run, folder):
    objects = []
    for source in sorted((ROOT / "agent" / "src").glob("*.c")) + [HERE / "every_call.c",
                                                                 HERE / "objects.c"]:
        objects.append(folder / f"{source.stem}.o")
        run(*COMPILE, "-c", source, "-o", objects[-1])
    return objects


def flash_by_file(run, folder):
    chart = folder / "every_call.map"
    run(*COMPILE, "--specs=picolibc.specs", "-nostartfiles", "-Wl,--gc-sections", "-Wl,-e,main",
        f"-Wl,-Map={chart}", *compile_all(run, folder), "-o", folder / "every_call.elf")
    files = {}
    for size, name in KEPT.findall(BROKEN.sub(r"\1 ", chart.read_text())):
        stem = pathlib.Path(name).stem
        files[stem] = files.get(stem, 0) + int(size, 16)
    return files


def state_sizes(run, folder, *options):
    run(*COMPILE, *options, "-c", HERE / "state.c", "-o", folder / "state.o")
    sizes = {}
    for line in run("arm-none-eabi-nm", "-S", folder / "state.o").splitlines():
        _, size, _, name = line.split()
        sizes[name] = int(size, 16)
    return sizes


def agent_ram(run, folder, *options):
    sizes = state_sizes(run, folder, *options)
    others = ("spool", "uplink", "remote")
    return sizes["size_of_agent"] - sum(sizes[f"size_of_{other}"] for other in others)


def spool_figures(run, folder, files):
    spool = [name for name in files if name in SPOOL or name.startswith(("spool", "ring"))]
    yield "spool.code.bytes", sum(files[name] for name in spool), "bytes"
    settings = run("arm-none-eabi-size", folder / "settings.o").splitlines()[1]
    yield "settings.code.bytes", int(settings.split()[0]), "bytes"
    sizes = state_sizes(run, folder)
    yield "spool.ram.bytes", sizes["size_of_spool_state"], "bytes"


def figures(run, build):
    folder = build / "footprint"
    folder.mkdir(parents=True, exist_ok=True)
    files = flash_by_file(run, folder)
    sources = {path.stem for path in (ROOT / "agent" / "src").glob("*.c")}
    yield "agent.flash.bytes", sum(files[name] for name in LINE), "bytes"
    yield "agent.flash_with_init.bytes", sum(files[name] for name in LINE | {"agent"}), "bytes"
    yield "streams.flash.bytes", sum(files[name] for name in STREAMS), "bytes"
    yield "agent.flash_all.bytes", sum(files.get(name, 0) for name in sources), "bytes"
    yield "agent.ram.bytes", agent_ram(run, folder), "bytes"
    yield "agent.ram_one_session.bytes", agent_ram(run, folder, "-DTALLY_SESSIONS=1"), "bytes"
    sizes = state_sizes(run, folder)
    yield "uplink.ram.bytes", sizes["size_of_uplink"], "bytes"
    yield "remote.ram.bytes", sizes["size_of_remote"], "bytes"
    yield from spool_figures(run, folder, files)
