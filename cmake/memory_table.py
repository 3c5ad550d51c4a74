# SPDX-License-Identifier: Apache-2.0
"""The README's memory table: written from what was measured, and checked against it."""
import pathlib
import re

README = pathlib.Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- make size writes from here -->", "<!-- to here -->"
ROW = re.compile(r"^\| (\S[^|]*?) +\| +([\d,]+) \| +([\d,]+) \| +([\d,]+) \|$", re.MULTILINE)
DRIFT = 0.02
PROCESSOR = re.compile(r"^\| (\S+) +\| +([\d,]+) \| +([\d,]+) \|$", re.MULTILINE)
# Two per cent of a small part is less than one function more or less.
DRIFT_BYTES = 64


def rows(figures):
    """(component, flash, RAM, stack), the whole image last."""
    parts = [(name, part["flash"], part["ram"], part["stack"])
             for name, part in figures["parts"].items()]
    return parts + [("whole image", figures["flash"], figures["ram"], figures["stack"])]


def table(board, figures):
    lines = [f"| {board}, bytes | flash | static RAM | deepest stack |", "| --- | ---: | ---: | ---: |"]
    lines += [f"| {name} | {flash:,} | {ram:,} | {stack:,} |"
              for name, flash, ram, stack in rows(figures)]
    return "\n".join(lines)


def split():
    """The README before, in and behind the table."""
    head, _, rest = README.read_text().partition(BEGIN)
    inside, _, tail = rest.partition(END)
    return head, inside, tail


def processor_table(figures):
    lines = ["| agent/ by itself, bytes | flash | RAM |", "| --- | ---: | ---: |"]
    lines += [f"| {name} | {one['flash']:,} | {one['ram']:,} |" for name, one in figures.items()]
    return "\n".join(lines)


def write(board, figures, processors):
    head, _, tail = split()
    README.write_text(f"{head}{BEGIN}\n\n{table(board, figures)}\n\n"
                      f"{processor_table(processors)}\n\n{END}{tail}")


def number(text):
    return int(text.replace(",", ""))


def too_far(then, now):
    return abs(now - then) > max(DRIFT * now, DRIFT_BYTES)


def drifts(figures):
    """What the README says and what is measured, where they are too far apart."""
    said = {name: tuple(number(text) for text in numbers)
            for name, *numbers in ROW.findall(split()[1])}
    found = []
    for name, *measured in rows(figures):
        for what, now, then in zip(("flash", "RAM", "stack"), measured, said.get(name, (0, 0, 0))):
            if too_far(then, now):
                found.append(f"{name} {what}: README {then:,}, measured {now:,}")
    return found


def processor_drifts(figures):
    """The same of the processors; one that is not in the README has drifted."""
    said = {name: tuple(number(text) for text in numbers)
            for name, *numbers in PROCESSOR.findall(split()[1])}
    found = [f"{name}: in the README, and has no toolchain" for name in said.keys() - figures.keys()]
    for name, one in figures.items():
        for what, then in zip(("flash", "ram"), said.get(name, (0, 0))):
            if too_far(then, one[what]):
                found.append(f"{name} {what}: README {then:,}, measured {one[what]:,}")
    return found
