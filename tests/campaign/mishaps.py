# SPDX-License-Identifier: Apache-2.0
"""What goes wrong around a box while its power is on: the server, the network, the clock."""
import signal

from relay import Cut

SPOILT = ("hang", "slow", "429", "500", "503", "garbage", "cut", "portal", "date-past",
          "date-future")
BYTES_MOST = 3000


class Mishap:
    """From `begin_s` after the power came, for `length_s`."""
    longest_s = 2.5

    def __init__(self, name, dice):
        self.name = name
        self.title = name
        self.begin_s = dice.uniform(0, 1.5)
        self.length_s = dice.uniform(0.3, self.longest_s)
        self.happened = False

    def play(self, run, over):
        """In a thread of its own, until the event `over`."""
        if over.wait(self.begin_s):
            return
        self.happened = True
        self.begin(run)
        over.wait(self.length_s)
        self.end(run)

    def begin(self, run):
        """`run` is a Run of victim.py."""

    def end(self, run):
        """All is well again; the box may be dead by now."""


class Spoilt(Mishap):
    """The server answers in a way that it should not."""

    def begin(self, run):
        run.box.spoil(self.name)

    def end(self, run):
        run.box.spoil(None)


class Dead(Mishap):
    """The server is killed, and comes back."""

    def begin(self, run):
        run.box.collector.stop(signal.SIGKILL)

    def end(self, run):
        run.box.start_collector()


class Refusing(Mishap):
    """Nobody listens."""

    def begin(self, run):
        run.box.close_relay()

    def end(self, run):
        run.box.open_relay()


class Unplugged(Mishap):
    def begin(self, run):
        run.set_link(False)

    def end(self, run):
        run.set_link(True)


class Broken(Mishap):
    """A connection is cut at any byte, by its end or a reset."""

    def __init__(self, name, dice):
        super().__init__(name, dice)
        self._cut = Cut(dice.random() < 0.5, dice.randrange(BYTES_MOST), dice.random() < 0.5,
                        dice.random() < 0.5)

    def begin(self, run):
        run.box.relay.cut(self._cut)

    def end(self, run):
        self._cut.done.set()


class Frozen(Mishap):
    """The machine stands still, box and all; its clock goes on."""
    longest_s = 3

    def begin(self, run):
        run.signal(signal.SIGSTOP)

    def end(self, run):
        run.signal(signal.SIGCONT)


SERVER = {**{f"answers {name}": (Spoilt, name) for name in SPOILT if not name.startswith("date")},
          "dies": (Dead, "dies"), "refuses": (Refusing, "refuses")}
NETWORK = {"cable": (Unplugged, "cable"), "cut": (Broken, "cut")}
CLOCK = {"date-past": (Spoilt, "date-past"), "date-future": (Spoilt, "date-future"),
         "frozen": (Frozen, "frozen")}
GROUPS = {"server": SERVER, "network": NETWORK, "clock": CLOCK}
TIMES = {"server": 1, "network": 3, "clock": 2}  # in a deck


class Deck:
    """Every kind comes before one comes again; those of small groups come more than once."""

    def __init__(self, dice):
        self._dice = dice
        self._titles = []

    def draw(self):
        if not self._titles:
            self._titles = [f"{group}: {name}" for group, kinds in sorted(GROUPS.items())
                            for name in sorted(kinds) for _ in range(TIMES[group])]
            self._dice.shuffle(self._titles)
        return named(self._titles.pop(), self._dice)


def lasting(title, dice):
    """That one, for as long as the power is on."""
    mishap = named(title, dice)
    mishap.begin_s, mishap.length_s = 0, None
    return mishap


def named(title, dice):
    """A Mishap by its title in a table."""
    group, name = title.split(": ")
    kind, argument = GROUPS[group][name]
    mishap = kind(argument, dice)
    mishap.title = title
    return mishap
