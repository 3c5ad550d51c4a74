# SPDX-License-Identifier: Apache-2.0
"""One box and its lives: each from a fresh flash through many kills, with settles in between, after
which everything must have been delivered."""
import collections
import contextlib
import dataclasses
import pathlib
import random
import shutil
import sqlite3
import sys
import tempfile
import threading
import time

import aims
import judge
import machines
import mishaps
import scenario
import victim

sys.path.append(str(scenario.TESTS / "collector"))
import wire  # noqa: E402

STARTS_A_SETTLE = 8
SETTLES_A_LIFE = 2
PATIENCE_S = 10    # for the place where the power is to go
SETTLE_S = 120     # boot records of boots that made nothing else are held back for a minute
POLL_S = 0.1
MISHAP_SHARE = 0.8
GOODBYE_SHARE = 0.2
SHOWN_MOST = 10    # violations of a life
TRIES_MOST = 4     # for each kill that a phase still lacks


@dataclasses.dataclass(frozen=True)
class Found:
    """A violation, in words, and where everything about it lies."""
    rule: str
    what: str
    folder: pathlib.Path


@dataclasses.dataclass
class Account:
    """What a campaign has to show."""
    kills: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    mishaps: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    figures: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    violations: list = dataclasses.field(default_factory=list)

    def add(self, other):
        self.kills.update(other.kills)
        self.mishaps.update(other.mishaps)
        self.figures.update(other.figures)
        self.violations += other.violations


class Lane:
    """Plays kills, in the order they are asked for. The dice decide everything that is chosen; what
    a machine does in time they cannot. `only`: the title of the one mishap that there is, always.
    A box has `settle_s` to deliver everything."""

    def __init__(self, box, folder, seed, say=print, only=None, settle_s=SETTLE_S):
        self.account = Account()
        self._box = box
        self._folder = folder
        self._dice = random.Random(seed)
        self._deck = mishaps.Deck(self._dice)
        self._say = say
        self._only = only
        self._settle_s = settle_s
        self._life = None
        self._found = []

    def play(self, phases, least=0):
        """A kill in each of these phases, and more where fewer than `least` hit theirs."""
        todo = collections.deque(phases)
        wanted = sorted(set(phases))
        left = TRIES_MOST * least * len(wanted)
        while todo:
            self._live(todo)
            if not todo and left > 0:
                todo.extend(phase for phase in wanted
                            for _ in range(least - self.account.kills[phase]))
                left -= len(todo)

    def close(self):
        self._box.close()

    def _live(self, todo):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="life-", dir=self._folder))
        self._box.renew(folder, self._dice)
        self._life = judge.Life([], [self._box.look()], [], [])
        for boot in self._life.boots():
            self._life.starts.append(judge.Start(0, "earlier", boot=boot))
        self._found = []
        for _ in range(SETTLES_A_LIFE):
            for _ in range(min(STARTS_A_SETTLE, len(todo))):
                self._kill(todo.popleft())
            self._found += [each for each in self._settle() if each not in self._found]
            if not todo:
                break
        self._close(folder, self._found)

    def _close(self, folder, found):
        life = self._life
        came = sum(len(upload.records) for upload in judge.accepted(life))
        self.account.figures.update({
            "boots": life.starts[-1].number, "records durable": len(life.durable),
            "records stored": len(life.rows), "uploads": len(life.uploads),
            "records resent": came - len(life.stored),
            "sessions cut": len(judge.cut_sessions(life))})
        self.account.violations += [Found(each.rule, str(each), folder) for each in found]
        self._say(f"{folder.parent.name} {folder.name}: {life.starts[-1].number} boots, "
                  f"{len(life.durable)} durable, {len(life.rows)} stored, "
                  f"{len(found)} violations")
        for each in found[:SHOWN_MOST]:
            self._say(f"    {each}; see {folder}")
        self._box.close()
        if not found:
            shutil.rmtree(folder)

    # ---- one start ------------------------------------------------------------------------------

    def _kill(self, phase):
        aim = aims.KINDS[phase](self._dice)
        mishap = self._drawn_mishap(phase)
        stream = ()
        if self._dice.random() < GOODBYE_SHARE:
            stream = ("--seconds", f"{self._dice.uniform(0.5, 2):.1f}", "--bye")
        run = victim.Run(self._box, aim, stream)
        trouble = threading.Thread(target=mishap.play, args=(run, run.over)) if mishap else None
        if trouble:
            trouble.start()
        deadline = time.monotonic() + PATIENCE_S
        while not run.over.wait(POLL_S) and not run.has_died and time.monotonic() < deadline:
            pass
        start = self._end(run)
        if trouble:
            trouble.join()
            self.account.mishaps[mishap.title] += mishap.happened
        self._note(f"start {start.number} after {run.lasted_s:.2f} s: {phase}, hit {start.ended};"
                   f" {mishap.title if mishap else 'no mishap'}; {aim}")

    def _note(self, text):
        with open(self._box.folder / "starts.log", "a", encoding="utf-8") as log:
            print(text, file=log)

    def _drawn_mishap(self, phase):
        """Most of them would keep a box from what is to be cut; those come with the others."""
        if self._only:
            return mishaps.lasting(self._only, self._dice)
        is_late = phase in (aims.HANDSHAKE, aims.UPLOAD, aims.ACK)
        if phase == aims.BOOT or self._dice.random() > MISHAP_SHARE / (2 if is_late else 1):
            return None
        return self._deck.draw()

    def _settle(self):
        """The box is left alone until it has delivered everything; what the judge says then."""
        life = self._life
        run = victim.Run(self._box, aims.Aim())
        deadline = time.monotonic() + self._settle_s
        known = {start.boot for start in life.starts}
        while not self._is_settled(known) and not run.has_died and time.monotonic() < deadline:
            time.sleep(POLL_S)
        self._end(run, had_to_begin=True)
        return judge.judge(life)

    def _is_settled(self, known):
        """By what was accepted: a server that forgets is the judge's business."""
        self._read_uploads()
        came = judge.came(self._life)
        told = any(boot not in known for boot, _ in came)  # its boot record came first
        return told and not self._life.waiting - came

    def _end(self, run, had_to_begin=False):
        life = self._life
        start = judge.Start(life.starts[-1].number + 1 if life.starts else 1)
        start.had_to_begin = had_to_begin or not run.over.is_set()
        died = run.has_died
        run.stop()
        start.ends_told = int(run.has_told_end)
        life.starts.append(start)
        try:
            life.add(self._box.look())
        except machines.Damaged as why:
            self._found.append(judge.Violation("flash damaged", f"start {start.number}: {why}"))
        self._read_server()
        known = {each.boot for each in life.starts}
        start.boot = min(life.boots() - known, default=None)  # the judge names a second one
        has_record = any(key[0] == start.boot for key in life.durable.keys() | life.stored.keys())
        start.ended = "itself" if died else run.hit(has_record)
        self.account.kills[start.ended] += 1
        return start

    # ---- the server -----------------------------------------------------------------------------

    def _rows(self, query, *values):
        with contextlib.closing(sqlite3.connect(self._box.collector.database, timeout=20)) as data:
            data.row_factory = sqlite3.Row
            return data.execute(query, values).fetchall()

    def _read_server(self):
        self._life.rows = [judge.row_of(*row) for row in
                           self._rows("SELECT boot, seq, kind, bytes, json FROM records")]
        self._read_uploads()

    def _read_uploads(self):
        """Those that came since."""
        uploads = self._life.uploads
        for boot, status, reason, body in self._rows("SELECT boot, status, reason, body FROM"
                                                     " uploads ORDER BY id LIMIT -1 OFFSET ?",
                                                     len(uploads)):
            records = wire.parse(body).records if body else ()
            uploads.append(judge.Upload(
                boot, status, reason, tuple((each.seq, each.raw) for each in records)))
