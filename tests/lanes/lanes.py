#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""lanes.py [--apart] LANES FOLDER PATTERN...: the unittest modules of a folder, with so many tests at a time.

For suites that wait more than they work. A class is set up once, ahead of its first test, and torn
down behind its last one, which takes a lane like a test; its tests share what is set up, and nothing
that one of them changes. A test that has an attribute `alone` waits until all others are done, and
runs by itself. A class that is `replayed` (lateness.py) is run again if tests of it fail while this
machine stands still.

With --apart each lane has a network of its own, so that tests may use the same ports; who is not
root has one lane then.
"""
import argparse
import concurrent.futures
import ctypes
import subprocess
import sys
import threading
import time
import traceback
import unittest

import lateness

CLONE_NEWNET = 0x40000000


def move_apart():
    """A network for the thread that calls, and for what it starts: nothing but a loopback."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "no network apart")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def may_move_apart():
    with concurrent.futures.ThreadPoolExecutor(1) as trial:
        return trial.submit(move_apart).exception() is None


class Lines:
    """Standard output for several threads at a time, of which each says whole lines."""

    def __init__(self, out):
        self._out = out
        self._begun = threading.local()

    def write(self, text):
        whole, end, begun = (getattr(self._begun, "text", "") + text).rpartition("\n")
        self._begun.text = begun
        self._out.write(whole + end)
        return len(text)

    def flush(self):
        self._out.flush()


class Case:
    """The tests of a class, and what becomes of them."""

    def __init__(self, tests):
        self._class = type(tests[0])
        self._tests = tests
        self._begun = None
        self._running = []
        self._alone = []
        self.troubles = 0

    def begin(self, pool):
        """Sets the class up and has its tests run, when there is room."""
        self._begun = pool.submit(self._set_up, pool)

    def _set_up(self, pool):
        is_skipped = getattr(self._class, "__unittest_skip__", False)
        is_up = not is_skipped and self._attempt(self._class.setUpClass)
        if is_up or is_skipped:
            self._running = [pool.submit(run, test) for test in self._tests if not is_alone(test)]
            self._alone = [test for test in self._tests if is_alone(test)]
        return is_up

    def wait(self):
        """For all tests that need not be alone."""
        self._begun.result()
        for running in self._running:
            self.troubles += running.result()

    def run_alone(self, pool):
        for test in self._alone:
            self.troubles += pool.submit(run, test).result()

    def end(self):
        """Tears the class down."""
        if self._begun.result():
            self._attempt(self._class.tearDownClass)
        self._class.doClassCleanups()
        for _, error, _ in self._class.tearDown_exceptions:
            self._say(error)

    def may_run_again(self):
        return self.troubles > 0 and getattr(self._class, "is_replayed", False)

    def forget(self, late_ms):
        """What became of its tests, while the machine was that late."""
        print(f"again: {self._class.__qualname__}: this machine stood still for {late_ms:.0f} ms",
              flush=True)
        self.troubles = 0
        self._class.tearDown_exceptions = []

    def _attempt(self, step):
        try:
            step()
        except Exception as error:  # pylint: disable=broad-exception-caught
            self._say(error)
            return False
        return True

    def _say(self, error):
        self.troubles += 1
        print(f"ERROR: {self._class.__qualname__}\n{''.join(traceback.format_exception(error))}",
              flush=True)


def is_alone(test):
    return hasattr(getattr(test, test.id().rpartition(".")[2], None), "alone")


def run(test):
    """Runs one test and says how it went; how many troubles it had."""
    result = unittest.TestResult()
    begin = time.monotonic()
    test.run(result)
    lasted_s = time.monotonic() - begin
    troubles = [*result.failures, *result.errors, *(
        (test, "was expected to fail\n") for test in result.unexpectedSuccesses)]
    verdict = "FAIL" if troubles else "skip" if result.skipped else "ok"
    print("\n".join([f"{verdict:<4} {lasted_s:6.1f} s  {test.id()}", *(
        f"{each}\n{what}" for each, what in troubles)]), flush=True)
    return len(troubles)


def tests_of(suite):
    for each in suite:
        if isinstance(each, unittest.TestSuite):
            yield from tests_of(each)
        else:
            yield each


def cases_of(suites):
    """One for each class, in the order in which they are found."""
    tests = {}
    for test in tests_of(suites):
        tests.setdefault(type(test), []).append(test)
    return [Case(each) for each in tests.values()]


def run_all(cases, pool):
    """Each of them; how late this machine was meanwhile."""
    late = lateness.Lateness()
    try:
        for case in cases:
            case.begin(pool)
        for case in cases:
            case.wait()
        for case in cases:
            case.run_alone(pool)
            case.end()
    finally:
        late_ms = late.end()
    return late_ms


def run_undisturbed(cases, pool):
    """Each of them, some again."""
    for _ in range(lateness.RUNS_MOST - 1):
        late_ms = run_all(cases, pool)
        cases = [case for case in cases
                 if case.may_run_again() and late_ms >= lateness.DISTURBED_MS]
        if not cases:
            return
        for case in cases:
            case.forget(late_ms)
    run_all(cases, pool)


def set_up_modules(suites):
    """Ahead of all classes; what they add as module cleanups runs behind all of them."""
    for name in dict.fromkeys(type(test).__module__ for test in tests_of(suites)):
        set_up = getattr(sys.modules[name], "setUpModule", None)
        if set_up:
            set_up()


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--apart", action="store_true")
    parser.add_argument("lanes", type=int)
    parser.add_argument("folder")
    parser.add_argument("patterns", nargs="+")
    return parser.parse_args()


def main():
    options = read_arguments()
    sys.stdout = Lines(sys.stdout)
    suites = [unittest.TestLoader().discover(options.folder, each) for each in options.patterns]
    cases = cases_of(suites)
    is_apart = options.apart and may_move_apart()
    lanes = 1 if options.apart and not is_apart else options.lanes
    try:
        set_up_modules(suites)
        with concurrent.futures.ThreadPoolExecutor(
                lanes, initializer=move_apart if is_apart else None) as pool:
            run_undisturbed(cases, pool)
    finally:
        unittest.doModuleCleanups()
    if not cases:
        return "no tests"
    troubles = sum(case.troubles for case in cases)
    return f"{troubles} troubles" if troubles else 0


if __name__ == "__main__":
    sys.exit(main())
