# SPDX-License-Identifier: Apache-2.0
"""seeds.py COUNT PROGRAM...: runs seeded test programs with COUNT new seeds each.

The first seed is drawn and printed; TALLY_SEED replays a run of one program by hand.
"""
import os
import random
import subprocess
import sys


def main():
    count, programs = int(sys.argv[1]), sys.argv[2:]
    first = int(os.environ.get("TALLY_SEED") or random.randrange(1, 1 << 48))
    print(f"seeds: {count} from {first} on", flush=True)
    for program in programs:
        for seed in range(first, first + count):
            environment = {**os.environ, "TALLY_SEED": str(seed)}
            done = subprocess.run([program], env=environment, capture_output=True, text=True,
                                  check=False)
            if done.returncode != 0:
                sys.exit(f"{done.stdout}{done.stderr}\nrerun: TALLY_SEED={seed} {program}")
        print(f"seeds: {os.path.basename(program)} ok", flush=True)


if __name__ == "__main__":
    main()
