#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`make fresh`: types the README's commands, as they stand there, into a bare Debian 12.

    fresh.py [--all] [--keep] [COMMAND...]

Needs root. COMMANDs are some of the README's; --all types also what takes more than half an hour.
"""
import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "documents"))
import reading  # noqa: E402

# Typed with --all only.
LONG = {"make campaign": "half an hour", "make bench": "measures, and wants a quiet machine",
        "make test-ingest": "builds Telegraf from its sources, and runs a database"}
# What is at work here.
ITSELF = "make fresh"
# What stands for a reader's own in the README, and what is typed for it.
PLACES = {"HOST:PORT/PATH": "10.0.2.2:8443/v1/records", "CERTS=DIR": "CERTS=certs",
          "HOST=ADDRESS": "HOST=127.0.0.2"}
CERTIFICATES = "cmake/setup/setup.sh demo && tests/certs/make_certs.sh certs"
# Ends with Ctrl-C; by then it has said where its page is.
ENDLESS, SAID = "make live", b"http://localhost:"
LAST_LINES = 40
# What debootstrap mounts, and what it starts, ends with it.
APART = ("setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child",
         "--mount-proc")


def commands(text):
    """What the README asks to type, each once, in its order, but for this."""
    found = [command.text for command in reading.commands_of("README.md", text)]
    return [command for command in dict.fromkeys(found) if not command.startswith(ITSELF)]


def typed(command):
    """The command with a reader's own names in it."""
    for place, own in PLACES.items():
        command = command.replace(place, own)
    return f"{CERTIFICATES} && {command}" if "CERTS=certs" in command else command


def run(enter, command, log):
    """Exit status of a command, all of whose processes are gone then."""
    with open(log, "wb") as out:
        process = subprocess.Popen([*enter, "bash", "-c", typed(command)], stdin=subprocess.DEVNULL,
                                   stdout=out, stderr=subprocess.STDOUT)
        try:
            if not command.startswith(ENDLESS):
                return process.wait()
            while process.poll() is None:
                if SAID in log.read_bytes():
                    return 0
                time.sleep(0.2)
            return process.returncode or 1
        finally:
            process.kill()
            process.wait()


def type_all(enter, chosen, logs, say=print):
    """Rows (command, status, seconds)."""
    rows = []
    for number, command in enumerate(chosen, 1):
        log = logs / f"fresh-{number}.log"
        say(f"fresh: {command} (log: {log})", flush=True)
        begun = time.monotonic()
        status = run(enter, command, log)
        rows.append((command, status, time.monotonic() - begun))
        if status != 0:
            lines = log.read_text(errors="replace").splitlines()
            say("\n".join(lines[-LAST_LINES:]), flush=True)
    return rows


def table(rows):
    width = max(len("command"), *(len(command) for command, _, _ in rows))
    lines = [f"{'command':<{width}}  exit  seconds"]
    lines += [f"{command:<{width}}  {status:>4}  {seconds:>7,.0f}"
              for command, status, seconds in rows]
    return "\n".join(lines)


def choose(known, wanted, everything):
    """What is typed, and what is not; a wish that the README does not have is refused."""
    strange = [command for command in wanted if command not in known]
    if strange:
        sys.exit(f"fresh: the README has no {', '.join(strange)}; it has: {'; '.join(known)}")
    chosen = [command for command in known
              if (command in wanted if wanted else everything or command not in LONG)]
    return chosen, [command for command in known if command not in chosen]


def owned(*names):
    """A folder under build/ that is its owner's, as all there is."""
    folder, owner = ROOT, ROOT.stat()
    for name in names:
        folder = folder / name
        folder.mkdir(exist_ok=True)
        os.chown(folder, owner.st_uid, owner.st_gid)
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--keep", action="store_true", help="the tree, to look around in it")
    parser.add_argument("commands", nargs="*")
    options = parser.parse_args()
    chosen, left_out = choose(commands((ROOT / "README.md").read_text()), options.commands,
                              options.all)
    if os.geteuid() != 0:
        sys.exit("fresh: a tree of Debian's packages is made by root; run: sudo make fresh")
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    logs = owned("build", "log")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="fresh.", dir=owned("build")))
    try:
        begun = time.monotonic()
        log = logs / "fresh.log"
        with open(log, "wb") as out:
            made = subprocess.run([*APART, HERE / "tree.sh", folder, "HEAD"], stdout=out,
                                  stderr=subprocess.STDOUT, check=False)
        if made.returncode != 0:
            sys.exit(f"fresh: no tree\n{log.read_text()[-4000:]}")
        print(f"fresh: a bare Debian 12 in {time.monotonic() - begun:.0f} s", flush=True)
        rows = type_all([HERE / "enter.sh", folder / "tree"], chosen, logs)
    finally:
        if not options.keep:
            shutil.rmtree(folder)
    print(table(rows))
    for command in left_out:
        print(f"not typed: {command}{': ' + LONG[command] if command in LONG else ''}")
    if left_out:
        print("all: make fresh COMMANDS=all")
    return 1 if any(status for _, status, _ in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
