# SPDX-License-Identifier: Apache-2.0
"""noheap.py LIBRARY...: fails if a library needs a function that allocates."""
import subprocess
import sys

HEAP = {"malloc", "calloc", "realloc", "free", "aligned_alloc", "posix_memalign", "strdup",
        "strndup", "asprintf", "vasprintf", "getline", "reallocarray"}


def needed(library):
    listing = subprocess.run(["nm", "--undefined-only", library], check=True, capture_output=True,
                             text=True).stdout
    return {line.split()[-1] for line in listing.splitlines() if line.startswith(" ")}


def main():
    failed = False
    for library in sys.argv[1:]:
        names = needed(library)
        found = sorted(names & HEAP)
        print(f"noheap: {library}: {len(names)} names needed, of the heap: {found or 'none'}")
        failed = failed or bool(found) or not names
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
