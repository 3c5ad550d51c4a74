# SPDX-License-Identifier: Apache-2.0
"""Makes a broken spool: break.py WHAT.txt SOURCES TARGET NAME... copies these sources and breaks them.

A file of broken/ says why in its second line. Then, as often as needed: `--- source`, the text to be
found there exactly once, `+++`, and what takes its place.
"""
import pathlib
import re
import sys


def changes(text):
    for part in re.split(r"^--- ", text, flags=re.MULTILINE)[1:]:
        name, rest = part.split("\n", 1)
        old, new = re.split(r"^\+\+\+\n", rest, maxsplit=1, flags=re.MULTILINE)
        yield name, old.removesuffix("\n"), new.removesuffix("\n")


def main(what, source_folder, target_folder, *names):
    sources = {name: (pathlib.Path(source_folder) / name).read_text() for name in names}
    broken = list(changes(pathlib.Path(what).read_text()))
    if not broken:
        sys.exit(f"{what}: changes nothing")
    for name, old, new in broken:
        found = sources[name].count(old)
        if found != 1:
            sys.exit(f"{what}: {name} has its text {found} times, not once:\n{old}")
        sources[name] = sources[name].replace(old, new)
    target = pathlib.Path(target_folder)
    target.mkdir(parents=True, exist_ok=True)
    for name, text in sources.items():
        (target / name).write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
