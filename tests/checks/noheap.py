# SPDX-License-Identifier: Apache-2.0
"""noheap.py FILE...: fails if a library needs, or a firmware has, a function that allocates."""
import subprocess
import sys

HEAP = {"malloc", "calloc", "realloc", "free", "aligned_alloc", "posix_memalign", "strdup",
        "strndup", "asprintf", "vasprintf", "getline", "reallocarray"}


def functions(path):
    """What a library needs from outside; of a firmware, all that was linked into it."""
    which = "--defined-only" if path.endswith(".elf") else "--undefined-only"
    listing = subprocess.run(["nm", which, path], check=True, capture_output=True,
                             text=True).stdout
    return {line.split()[-1].split(".")[0] for line in listing.splitlines()
            if len(line.split()) in (2, 3)}


def main():
    failed = False
    for path in sys.argv[1:]:
        names = functions(path)
        found = sorted(names & HEAP)
        print(f"noheap: {path}: {len(names)} functions, of the heap: {found or 'none'}")
        failed = failed or bool(found) or not names
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
