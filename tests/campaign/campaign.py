#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Boxes in QEMU stream, spool and upload, and are killed with SIGKILL in each phase, while server,
network and clock go wrong around them. Whatever was durable must be stored exactly once.

Prints a table and ends with 0 only if nothing is violated and each phase had its kills. SEED=n
repeats the choices (not the timing of QEMU), KILLS=n is how many.
"""
import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import random
import shutil
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import aims  # noqa: E402
import board  # noqa: E402
import lane  # noqa: E402
import machines  # noqa: E402
import scenario  # noqa: E402
import victim  # noqa: E402

KILLS = 231
KILLS_IN_EACH_PHASE = 20
BOXES = ("vexpress-a9", "vexpress-a9", "mps2-an385")
AT_ONCE = 2
STREAM_S, STREAM_KBPS = 20, 1000


@dataclasses.dataclass(frozen=True)
class Home:
    """What one box needs, made once."""
    board: str
    folder: pathlib.Path
    image: pathlib.Path
    certs: pathlib.Path
    media: pathlib.Path
    port: int

    def lane(self, seed, say, collector=None, **settings):
        """A Lane of this box, with another server if that is wanted."""
        box = victim.Box(machines.MACHINES[self.board], self.image, self.certs, self.media,
                         self.port, collector)
        return lane.Lane(box, self.folder, seed, say, **settings)


def prepare(folder, boards, source=scenario.ROOT):
    """The homes of these boards. Those of one board share a build folder: of the second only what
    is provisioned is new."""
    media = scenario.make_media(folder, STREAM_S, STREAM_KBPS)
    for number, name in enumerate(boards, 1):
        home = folder / f"box-{number}"
        home.mkdir()
        certs = scenario.make_certificates(home / "certs", f"stb-{number:04}")
        port = board.choose_port()
        built = board.build(name, folder / f"firmware-{name}", certs, port, source=source)
        yield Home(name, home, shutil.copy(built, home / "tally.elf"), certs, media, port)


def shares(boards, kills, dice):
    """The phases of each box: of all as many as there can be, in a drawn order."""
    able = [aims.PHASES if machines.MACHINES[name].flash else aims.OF_THE_WIRE for name in boards]
    phases = [[] for _ in boards]
    for number in range(kills):
        phase = aims.PHASES[number % len(aims.PHASES)]
        free = [at for at, each in enumerate(able) if phase in each]
        phases[min(free, key=lambda at: len(phases[at]))].append(phase)
    for each in phases:
        dice.shuffle(each)
    return phases


def run_lane(home, seed, phases, least):
    """In a process of its own."""
    played = home.lane(seed, lambda text: print(text, flush=True))
    try:
        played.play(phases, least)
    finally:
        played.close()
    return played.account


def play(options, folder):
    homes = list(prepare(folder, options.boxes))
    parts = shares(options.boxes, options.kills, random.Random(options.seed))
    traced = sum(bool(machines.MACHINES[name].flash) for name in options.boxes) or 1
    account = lane.Account()
    with concurrent.futures.ProcessPoolExecutor(AT_ONCE) as pool:
        played = [pool.submit(run_lane, home, f"{options.seed}/{number}", phases,
                              -(-options.least // traced))
                  for number, (home, phases) in enumerate(zip(homes, parts))]
        for each in played:
            account.add(each.result())
    return account


def table(account, seed):
    figures, rules = account.figures, [found.rule for found in account.violations]
    kills = {phase: account.kills[phase] for phase in aims.PHASES}
    rows = [("runs", figures["boots"]), ("kills", sum(kills.values()))]
    rows += [(f"  {phase}", count) for phase, count in kills.items()]
    rows += [("mishaps", sum(account.mishaps.values()))]
    rows += [(f"  {title}", count) for title, count in sorted(account.mishaps.items())]
    rows += [(name, figures[name]) for name in ("uploads", "records durable", "records stored",
                                                "records resent", "sessions cut")]
    rows += [("records lost", rules.count("lost") + rules.count("undelivered")),
             ("records stored twice", rules.count("stored twice")),
             ("boots", figures["boots"]), ("boots failed", rules.count("boot failed")),
             ("violations", len(rules)), ("seed", seed)]
    return "\n".join(f"{name:<26}{value:>12}" for name, value in rows)


def verdict(account, least):
    """What is wrong, in words."""
    found = [f"{each.what}; see {each.folder}" for each in account.violations]
    return found + [f"{account.kills[phase]} kills in phase {phase}, not {least}"
                    for phase in aims.PHASES if account.kills[phase] < least]


def arguments():
    environment = os.environ.get
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int,
                        default=environment("SEED") or random.randrange(1, 1 << 31))
    parser.add_argument("--kills", type=int, default=environment("KILLS") or KILLS)
    parser.add_argument("--least", type=int, help="kills in each phase; else 20, of fewer its share")
    parser.add_argument("--boxes", nargs="+", default=BOXES, choices=sorted(machines.MACHINES))
    options = parser.parse_args()
    if options.least is None:
        options.least = min(KILLS_IN_EACH_PHASE, options.kills // len(aims.PHASES))
    return options


def main():
    options = arguments()
    print(f"campaign: SEED={options.seed} KILLS={options.kills}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(dir=os.environ.get("TALLY_TEST_DIR")))
    account = play(options, folder)
    print(table(account, options.seed))
    wrong = verdict(account, options.least)
    print("\n".join(wrong) or "nothing lost, nothing twice")
    if not wrong:
        shutil.rmtree(folder)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
