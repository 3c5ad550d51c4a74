# SPDX-License-Identifier: Apache-2.0
"""`make bench`: prints every figure and writes build/bench.json. README.md beside this says how."""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "bench"
OPERATIONS = ("hook.event", "hook.counter", "rtp.packet", "ts.packet", "report.heartbeat",
              "spool.record150")
COUNT = 7000  # a multiple of the 7 TS packets of a datagram


def run(*command):
    done = subprocess.run([str(c) for c in command], cwd=BUILD, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def build():
    BUILD.mkdir(parents=True, exist_ok=True)
    run("cmake", "-S", ROOT, "-B", BUILD, "-G", "Ninja", "-DTALLY_BOARD=linux",
        "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_C_FLAGS_RELEASE=-O2", "-DTALLY_BENCH=ON")
    run("cmake", "--build", BUILD, "--target", "tally_bench")
    return BUILD / "tests" / "bench" / "tally_bench"


def instructions(program, name, count):
    out = run("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, name,
              count)
    return int(re.search(r"Collected : (\d+)", out).group(1))


def cost(program, name):
    """Instructions of one operation: the difference of two runs leaves out all that is fixed."""
    more = instructions(program, name, 2 * COUNT) - instructions(program, name, COUNT)
    return round(more / COUNT, 1)


def main():
    program = build()
    figures = [{"name": f"{name}.instructions", "value": cost(program, name),
                "unit": "instructions"} for name in OPERATIONS]
    for line in run(program, "bytes").splitlines():
        name, value = line.split()
        figures.append({"name": name, "value": int(value), "unit": "bytes"})
    for figure in figures:
        print(f"{figure['name']:<36}{figure['value']:>12,} {figure['unit']}")
    out = ROOT / "build" / "bench.json"
    out.write_text(json.dumps(figures, indent=1) + "\n")
    print(f"written: {out.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
