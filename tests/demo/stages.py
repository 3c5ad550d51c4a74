# SPDX-License-Identifier: Apache-2.0
"""What demos have in common: a line for each stage, and a folder that no two share."""
import contextlib
import fcntl
import shutil
import sys
import time


@contextlib.contextmanager
def stage(name):
    began = time.monotonic()
    print(f"  {name:<52}", end="", flush=True)
    notes = []
    try:
        yield notes
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - began:5.1f} s  {' '.join(notes)}", flush=True)


def only_one(folder, kept):
    """The folder's lock, held until it is closed; what an earlier run left is gone but for what is
    the same in every run and slow to make: `kept` are how such names begin."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = open(folder / "lock", "w", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"{folder.name}: another one runs in this tree; wait for it to end")
    for entry in folder.iterdir():
        if not entry.name.startswith(("lock", *kept)):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    return lock
