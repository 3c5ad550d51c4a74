# SPDX-License-Identifier: Apache-2.0
"""`make bench`: prints every figure and writes build/bench.json. README.md beside this says how."""
import itertools
import json
import os
import pathlib
import subprocess
import sys

import board_figures
import footprint
import gst_figures
import instructions
import sealed
import spool
import uplink

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "bench"
LINUX = ROOT / "build" / "linux"  # what ships, as `make linux` builds it
# Sources the caller already has.
SOURCES = ("TALLY_MBEDTLS_DIR", "TALLY_LWIP_DIR", "TALLY_TINYCBOR_DIR")


def run(*command):
    done = subprocess.run([str(c) for c in command], cwd=BUILD, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def build():
    """For this machine: the operations, the encoders, the sealed store, the spool's three programs,
    the uplink, the pusher of buffers and the decoder."""
    BUILD.mkdir(parents=True, exist_ok=True)
    sources = [f"-D{name}={os.path.abspath(os.environ[name])}" for name in SOURCES
               if os.environ.get(name)]
    run("cmake", "-S", ROOT, "-B", BUILD, "-G", "Ninja", "-DTALLY_BOARD=linux",
        "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_C_FLAGS_RELEASE=-O2", "-DTALLY_BENCH=ON", *sources)
    run("cmake", "--build", BUILD, "--target", "tally_bench", "tally_bench_encode",
        "tally_bench_sealed", "tally_bench_spool", "tally_bench_spool_small", "tally_bench_uplink",
        "tally_bench_hop", "tally_bench_client", "gstbenchtracers", "fault_cuts", "tally-decode")
    programs = BUILD / "tests" / "bench"
    return (programs / "tally_bench", programs / "tally_bench_encode",
            programs / "tally_bench_sealed",
            (programs / "tally_bench_spool", programs / "tally_bench_spool_small",
             programs / "fault" / "fault_cuts"),
            programs / "tally_bench_uplink", programs / "gst",
            BUILD / "tally-decode")


def measure():
    """Prints each figure as soon as it is known; all of them."""
    operations, encoders, store, spools, uploads, players, decoder = build()
    rows = []
    for name, value, unit in itertools.chain(instructions.figures(run, operations, BUILD),
                                             instructions.encode_figures(run, encoders),
                                             sealed.figures(run, store, BUILD),
                                             spool.figures(run, operations, spools),
                                             footprint.figures(run, BUILD),
                                             uplink.figures(run, BUILD, uploads),
                                             gst_figures.figures(run, BUILD, LINUX, players),
                                             board_figures.figures(BUILD, decoder)):
        print(f"{name:<41}{value:>12,} {unit}", flush=True)
        rows.append({"name": name, "value": value, "unit": unit})
    return rows


def main():
    try:
        rows = measure()
    except board_figures.FAILURES as failure:
        sys.exit(f"bench: {failure}")
    out = ROOT / "build" / "bench.json"
    out.write_text(json.dumps(rows, indent=1) + "\n")
    print(f"written: {out.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
