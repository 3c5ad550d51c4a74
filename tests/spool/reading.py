# SPDX-License-Identifier: Apache-2.0
"""tally-spool, the first argument of the command line, as the tests call it."""
import os
import random
import subprocess
import sys
import tempfile

TALLY_SPOOL = os.path.abspath(sys.argv.pop(1))
GOOD, DAMAGED, USAGE = 0, 1, 2
RING_NAMES = ("urgent", "routine")


def run(*arguments, **how):
    how.setdefault("stdout", subprocess.PIPE)
    return subprocess.run([TALLY_SPOOL, *arguments], stderr=subprocess.PIPE, timeout=60,
                          check=False, **how)


def read(image, *options):
    """Exit code, output and errors of an image."""
    with tempfile.NamedTemporaryFile(suffix=".img") as file:
        file.write(image.data)
        file.flush()
        result = run("--block", str(image.block_bytes), "--granularity", str(image.granularity),
                     *options, file.name)
    return result.returncode, result.stdout, result.stderr.replace(file.name.encode(), b"IMAGE")


def lines(image, *options):
    """Exit code and lines of text of an image that gives no error."""
    code, out, errors = read(image, *options)
    if errors:
        raise AssertionError(errors.decode())
    return code, out.decode().splitlines()


def waiting_line(kept, q, is_single=False):
    name = "single" if is_single else RING_NAMES[kept.of_class]
    return (f"{name} {kept.block} {kept.offset} {kept.boot:014x} {kept.kind} "
            f"{len(kept.payload)} {q}")


def dice():
    """Seeded by TALLY_SEED, or drawn; printed, to be replayed."""
    seed = int(os.environ.get("TALLY_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"TALLY_SEED={seed}", file=sys.stderr)
    return random.Random(seed)
