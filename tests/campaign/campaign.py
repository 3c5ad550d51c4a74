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

KILLS = 224
KILLS_LEAST = 200
PHASE_LEAST = 20
BOXES = ("vexpress-a9", "vexpress-a9")
STREAM_S, STREAM_KBPS = 20, 1000


@dataclasses.dataclass(frozen=True)
class Order:
    """What one lane is to do."""
    board: str
    folder: pathlib.Path
    image: pathlib.Path
    certs: pathlib.Path
    media: pathlib.Path
    port: int
    seed: str
    phases: tuple
    least: int
    collector: str


def shares(boards, kills, dice, phases_wanted):
    """The phases of each box: as many of each as there can be, in a drawn order."""
    phases = [[] for _ in boards]
    able = [aims.PHASES if machines.MACHINES[name].flash else aims.OF_THE_WIRE for name in boards]
    wanted = [phase for phase in phases_wanted if any(phase in each for each in able)]
    for number in range(kills):
        phase = wanted[number % len(wanted)]
        free = [at for at, each in enumerate(able) if phase in each]
        phases[min(free, key=lambda at: len(phases[at]))].append(phase)
    for each in phases:
        dice.shuffle(each)
    return phases


def run_lane(order):
    """In a process of its own."""
    box = victim.Box(machines.MACHINES[order.board], order.image, order.certs, order.media,
                     order.port, order.collector)
    played = lane.Lane(box, order.folder, order.seed, lambda text: print(text, flush=True))
    try:
        played.play(order.phases, order.least)
    finally:
        box.close()
    return played.account


def prepare(folder, boards):
    """(folder, image, certificates, port) of each box. Boxes of one board share a build folder: of
    the second only what is provisioned is new."""
    for number, name in enumerate(boards, 1):
        home = folder / f"box-{number}"
        home.mkdir(exist_ok=True)
        certs = scenario.make_certificates(home / "certs", f"stb-{number:04}")
        port = board.choose_port()
        built = board.build(name, folder / f"firmware-{name}", certs, port)
        shutil.copy(built, home / "tally.elf")
        yield home, home / "tally.elf", certs, port


def play(options, folder):
    seed = options.seed
    dice = random.Random(seed)
    boards = options.boxes
    media = scenario.make_media(folder, STREAM_S, STREAM_KBPS)
    boxes = list(prepare(folder, boards))
    least = -(-options.least // len(boards))
    orders = [Order(name, *box[:3], media, box[3], f"{seed}/{number}", tuple(phases), least,
                    options.collector)
              for number, (name, box, phases) in
              enumerate(zip(boards, boxes, shares(boards, options.kills, dice, options.phases)), 1)]
    account = lane.Account()
    with concurrent.futures.ProcessPoolExecutor(len(orders)) as pool:
        for each in pool.map(run_lane, orders):
            account.add(each)
    return account


def table(account, seed):
    figures, rules = account.figures, [rule for _, rule, _ in account.violations]
    kills = {phase: account.kills[phase] for phase in aims.PHASES}
    rows = [("runs", figures["boots"]), ("kills", sum(kills.values()))]
    rows += [(f"  {phase}", count) for phase, count in kills.items()]
    rows += sorted(account.mishaps.items())
    rows += [(name, figures[name]) for name in ("uploads", "records durable", "records stored",
                                                "resent", "sessions cut")]
    rows += [("records lost", rules.count("lost") + rules.count("undelivered")),
             ("records stored twice", rules.count("stored twice")),
             ("boots", figures["boots"]), ("boots failed", rules.count("boot failed")),
             ("violations", len(rules)), ("seed", seed)]
    return "\n".join(f"{name:<26}{value:>12}" for name, value in rows)


def verdict(account, options):
    """What is wrong, in words."""
    found = [f"{text}; see {folder}" for text, _, folder in account.violations]
    for phase in aims.PHASES:
        if account.kills[phase] < options.least:
            found.append(f"{account.kills[phase]} kills in phase {phase}, not {options.least}")
    return found


def arguments():
    environment = os.environ.get
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int,
                        default=environment("SEED") or random.randrange(1, 1 << 31))
    parser.add_argument("--kills", type=int, default=environment("KILLS") or KILLS)
    parser.add_argument("--least", type=int, default=PHASE_LEAST, help="kills in each phase")
    parser.add_argument("--boxes", nargs="+", default=BOXES, choices=sorted(machines.MACHINES))
    parser.add_argument("--phases", nargs="+", default=aims.PHASES, choices=aims.PHASES)
    parser.add_argument("--folder", type=pathlib.Path, help="keep everything there")
    parser.add_argument("--collector", metavar="PROGRAM", help="another server")
    return parser.parse_args()


def main():
    options = arguments()
    print(f"campaign: SEED={options.seed} KILLS={options.kills}", flush=True)
    folder = options.folder or pathlib.Path(tempfile.mkdtemp(prefix="campaign-"))
    folder.mkdir(parents=True, exist_ok=True)
    account = play(options, folder)
    print(table(account, options.seed))
    wrong = verdict(account, options)
    print("\n".join(wrong) or "nothing lost, nothing twice")
    if not options.folder and not wrong:
        shutil.rmtree(folder)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
