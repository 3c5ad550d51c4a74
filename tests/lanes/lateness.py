# SPDX-License-Identifier: Apache-2.0
"""How late this machine is, and tests that are run again if that spoilt them."""
import functools
import os
import threading
import time

RUNS_MOST = 4
DISTURBED_MS = 60


class Lateness:
    """How late this machine wakes who sleeps for 10 ms, on the core on which it does so latest."""

    def __init__(self):
        self._over = threading.Event()
        self._most_ms = 0
        self._watchers = [threading.Thread(target=self._watch, args=[core], daemon=True)
                          for core in os.sched_getaffinity(0)]
        for watcher in self._watchers:
            watcher.start()

    def _watch(self, core):
        os.sched_setaffinity(threading.get_native_id(), {core})
        while not self._over.is_set():
            begin = time.monotonic()
            self._over.wait(0.01)
            self._most_ms = max(self._most_ms, (time.monotonic() - begin) * 1000 - 10)

    def end(self):
        """The most of it."""
        self._over.set()
        for watcher in self._watchers:
            watcher.join()
        return self._most_ms


def undisturbed(test):
    """A test that is run again, set up anew, if it fails while the machine stands still."""
    @functools.wraps(test)
    def play(self):
        for run in range(RUNS_MOST):
            lateness = Lateness()
            try:
                return test(self)
            except AssertionError:
                late_ms = lateness.end()
                if run == RUNS_MOST - 1 or late_ms < DISTURBED_MS:
                    raise
                print(f"again: this machine stood still for {late_ms:.0f} ms", flush=True)
            finally:
                lateness.end()
            self.doCleanups()
            self.setUp()
    return play


def replayed(case):
    """A class that lanes.py runs again, set up anew, if tests of it fail while the machine stands
    still."""
    case.is_replayed = True
    return case


def each_undisturbed(case):
    for name, test in list(vars(case).items()):
        if name.startswith("test_"):
            setattr(case, name, undisturbed(test))
    return case
