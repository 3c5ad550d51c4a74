# SPDX-License-Identifier: Apache-2.0
"""The documents of this repository as a reader meets them: blocks, commands, headings, links."""
import collections
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Who reads a block of these is expected to type it.
SHELL = "sh"
# What a command begins with, in a sentence or in a block that says nothing of its language.
PROGRAMS = re.compile(
    r"make|cmake|ctest|cc|gcc|clang|ninja|pkg-config|git|openssl|qemu-[a-z0-9-]+"
    r"|arm-none-eabi-\w+|apt(-get)?|pip3?|npm|go|curl|docker|sudo|runuser|systemctl"
    r"|systemd-analyze|journalctl|(/usr/bin/)?python3?|bash|sh|nginx|telegraf|psql|sqlite3"
    r"|gst-\w+-1\.0|tallyd|tally-(decode|schema|spool)|fault_\w+|fuzz_\w+"
    r"|(\S*/)?[\w-]+\.(py|sh)|(\./|build/)\S+")

Block = collections.namedtuple("Block", "line language text")
Command = collections.namedtuple("Command", "document line text")


def own_environment(**more):
    """That of somebody who types, whatever make this test runs under."""
    makes = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKE_TERMOUT", "MAKE_TERMERR")
    return {name: value for name, value in os.environ.items() if name not in makes} | more


def documents(root=ROOT):
    """All pages in Markdown, relative to `root`."""
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard",
                            "*.md"], cwd=root, check=True, capture_output=True, text=True).stdout
    return sorted(n for n in names.split("\0") if n and (root / n).is_file())


def blocks(text):
    """The blocks of code: fenced ones with their language, indented ones without."""
    found, lines = [], text.splitlines()
    at, blank = 0, True
    while at < len(lines):
        begin = at
        fence = re.match("( *)```(.*)$", lines[at])
        if fence:
            end = f"{fence[1]}```"
            at = next(i for i in range(begin + 1, len(lines)) if lines[i] == end)
            body = [line.removeprefix(fence[1]) for line in lines[begin + 1:at]]
            found.append(Block(begin + 1, fence[2], "\n".join(body)))
        elif blank and lines[at].startswith("    "):
            while at + 1 < len(lines) and re.match("    |$", lines[at + 1]):
                at += 1
            body = [line[4:] for line in lines[begin:at + 1]]
            found.append(Block(begin, "", "\n".join(body).rstrip()))
        blank = not lines[at]
        at += 1
    return found


def prose(text):
    """The page without its blocks, each line in its place."""
    lines = text.splitlines()
    for block in blocks(text):
        for at in range(block.line, block.line + block.text.count("\n") + 1):
            lines[at] = ""
    return "\n".join("" if line.lstrip().startswith("```") else line for line in lines)


def without_comment(line):
    return re.sub(r"(^|\s)#\s.*$", "", line).rstrip()


def lines_of(script):
    """(offset, command) of each line of a script, those that go on in the next one joined."""
    joined, begin = "", 0
    for at, line in enumerate(script.splitlines()):
        line = without_comment(line)
        begin = begin if joined else at
        joined = f"{joined} {line.strip()}".strip()
        if joined.endswith("\\"):
            joined = joined[:-1].strip()
        elif joined and not joined.endswith("|"):
            yield begin, joined
            joined = ""
    if joined:
        yield begin, joined


def is_command(text):
    """Whether words in a sentence are one to be typed: a program, and what to do."""
    words = text.split()
    while words and re.fullmatch(r"[A-Z_0-9]+=\S*", words[0]):
        words = words[1:]
    return len(words) > 1 and PROGRAMS.fullmatch(words[0]) is not None


def commands_of(document, text):
    """All that a page asks its reader to type, in blocks and in sentences."""
    found = []
    for block in blocks(text):
        if block.language == SHELL:
            found += [Command(document, block.line + 1 + at, command)
                      for at, command in lines_of(block.text)]
    for match in re.finditer(r"`([^`]+)`", prose(text)):
        words = " ".join(match[1].split())
        if is_command(words):
            found.append(Command(document, text_line(prose(text), match.start()), words))
    return found


def text_line(text, offset):
    return text.count("\n", 0, offset) + 1


def commands(root=ROOT):
    return [command for name in documents(root)
            for command in commands_of(name, (root / name).read_text())]


def hidden(text):
    """Lines of blocks that look like commands and do not say that they are."""
    return [line for block in blocks(text) if block.language in ("", "text")
            for _, line in lines_of(block.text) if is_command(line)]


def anchor(heading):
    """What a link calls a heading."""
    plain = re.sub(r"[`*]|\[([^]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def anchors(text):
    headings = {anchor(heading) for heading in re.findall(r"^#+ (.*)$", prose(text), re.MULTILINE)}
    return headings | set(re.findall(r'<a id="([^"]+)"></a>', text))


def links(text):
    """(line, target) of each link."""
    page = prose(text)
    return [(text_line(page, match.start()), match[1])
            for match in re.finditer(r"\]\(([^)\s]+)\)", page)]
