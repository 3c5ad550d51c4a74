# SPDX-License-Identifier: Apache-2.0
"""Flash and RAM of agent/ on each processor that has a file in toolchains/.

Compiled as the toolchain file says, with -Os and without LTO, in the configuration of
tests/bench/footprint, and linked with a program that makes every public call, the rest left out.
Flash: code and constants of the agent's objects, by the linker's map. RAM: the agent's state.
"""
import concurrent.futures
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[1]
FOOTPRINT = ROOT / "tests" / "bench" / "footprint"
COMPILER = re.compile(r"^set\(CMAKE_C_COMPILER (\S+)-gcc\)", re.MULTILINE)
FLAGS = re.compile(r'^set\(CMAKE_C_FLAGS_INIT "([^"]*)"\)', re.MULTILINE)
# What a firmware and the sizes of its parts do not go together with.
NOT_HERE = ("-flto",)
COMMON = ["-std=c11", "-Os", "-fno-lto", "-fno-pie", "-ffunction-sections", "-fdata-sections",
          f"-I{FOOTPRINT}", f"-I{ROOT}/agent/include"]
LINK = ["-nostartfiles", "-static", "-no-pie", "-Wl,--gc-sections", "-Wl,-e,main"]
# An input section of an object file that was kept: address, size, object.
KEPT = re.compile(r"^ \.(?:text|s?rodata|s?data)\S*\s+0x0*[1-9a-f][0-9a-f]*\s+0x([0-9a-f]+) (\S+\.o)$",
                  re.MULTILINE)
BROKEN = re.compile(r"^( \.\S+)\n\s+", re.MULTILINE)


def names():
    return sorted(path.stem for path in (ROOT / "toolchains").glob("*.cmake"))


def toolchain(name):
    """Its prefix of programs, and its options for the compiler."""
    text = (ROOT / "toolchains" / f"{name}.cmake").read_text().replace("\\\n", "")
    flags = FLAGS.search(text)
    words = flags.group(1).split() if flags else []
    return COMPILER.search(text).group(1), [w for w in words if not w.startswith(NOT_HERE)]


def flash(run, prefix, flags, folder):
    sources = sorted((ROOT / "agent" / "src").glob("*.c"))
    objects = []
    for source in sources + [FOOTPRINT / "every_call.c", FOOTPRINT / "objects.c"]:
        objects.append(folder / f"{source.stem}.o")
        run(f"{prefix}-gcc", *flags, *COMMON, "-c", source, "-o", objects[-1])
    chart = folder / "agent.map"
    run(f"{prefix}-gcc", *flags, *COMMON, *LINK, f"-Wl,-Map={chart}", *objects,
        "-o", folder / "agent.elf")
    ours = {source.stem for source in sources}
    kept = KEPT.findall(BROKEN.sub(r"\1 ", chart.read_text()))
    return sum(int(size, 16) for size, name in kept if pathlib.Path(name).stem in ours)


def ram(run, prefix, flags, folder):
    run(f"{prefix}-gcc", *flags, *COMMON, "-c", FOOTPRINT / "state.c", "-o", folder / "state.o")
    for line in run(f"{prefix}-nm", "-S", folder / "state.o").splitlines():
        _, size, _, name = line.split()
        if name == "size_of_agent":
            return int(size, 16)
    raise ValueError("state.c has no size_of_agent")


def measure(run, build, name):
    folder = build / "processors" / name
    folder.mkdir(parents=True, exist_ok=True)
    prefix, flags = toolchain(name)
    return {"flash": flash(run, prefix, flags, folder), "ram": ram(run, prefix, flags, folder)}


def measure_all(run, build):
    """Figures by processor; two compilers at a time."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return dict(zip(names(), pool.map(lambda name: measure(run, build, name), names())))
