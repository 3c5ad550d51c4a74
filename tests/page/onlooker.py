# SPDX-License-Identifier: Apache-2.0
"""Somebody who looks at the live page while many devices report: types, sorts, opens devices, and takes
the time of it."""
import contextlib
import pathlib
import random
import sqlite3
import statistics
import time
import urllib.parse

import figures
from browser import DESKTOP, PHONE, Browser
from page_case import SHOWN, TALL, newest_upload
from selenium.webdriver.common.keys import Keys
from truth import Database, Registry

STOPWATCH = (pathlib.Path(__file__).parent / "stopwatch.js").read_text(encoding="utf-8")
ROWS = "return document.querySelectorAll('#devices tbody tr').length"
UPDATED = "return Number(document.documentElement.dataset.shown) > arguments[0]"
# A row is a device's: what it holds does not grow. Refreshes are half a second apart, and a device's
# page asks three questions in each.
NODES_A_DEVICE, NODES_ELSE = 80, 1000
REQUESTS_A_SECOND = 8
DEVICES_COMPARED = 3


class Onlooker:
    """Looks at the page of a collector; `figures` and `faults` are what came of it."""

    def __init__(self, collector, registry, seed):
        self._collector = collector
        self._registry = Registry(registry)
        self._dice = random.Random(seed)
        self._browser = Browser()
        self._browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument",
                                             {"source": STOPWATCH})
        self._watched = {"inputs": [], "tasks": [], "shown": [], "requests": 0, "nodes": 0, "s": 0}
        self._opened_ms = []
        self._heap = {}
        self.figures = {}
        self.faults = []

    def look(self, devices, seconds):
        """At all devices for most of the time, at one for some of it, and at all on a phone."""
        begun = time.monotonic()
        with self._page("/"):
            self._browser.until("all devices are there", f"{ROWS} === arguments[0]", len(devices),
                                seconds=120)
            self._heap["start"] = self._heap_bytes()
            while time.monotonic() < begun + 0.6 * seconds:
                self._use_overview(devices)
            self._heap["end"] = self._heap_bytes()
        while time.monotonic() < begun + 0.85 * seconds:
            with self._page("/device?" + urllib.parse.urlencode(
                    {"device": self._dice.choice(devices)}), opens=True):
                self._use_device()
        self._browser.resize(PHONE)
        with self._page("/"):
            while time.monotonic() < begun + seconds:
                self._use_overview(devices)
        self._browser.resize(DESKTOP)

    @contextlib.contextmanager
    def _page(self, path, opens=False):
        """What the stopwatch of a document saw is kept as it is left."""
        begun = time.monotonic()
        self._browser.open(self._collector.url + path)
        self._browser.until("it has data", "return document.documentElement.dataset.ready", seconds=60)
        yield
        watched, origin = self._browser.run(
            "return [window.tallyStopwatch, performance.timeOrigin]")
        if opens:
            self._opened_ms.append(watched["shown"][0]["at"] - origin)
        else:  # a device's page shows its own uploads only
            self._watched["shown"].append(watched["shown"])
        for name in ("inputs", "tasks"):
            self._watched[name] += watched[name]
        self._watched["requests"] += watched["requests"]
        self._watched["nodes"] = max(self._watched["nodes"], watched["nodes"])
        self._watched["s"] += time.monotonic() - begun

    def _use_overview(self, devices):
        wanted = self._dice.choice(devices)
        self._browser.press("/")
        for letter in wanted:
            self._browser.press(letter)
        self._browser.press(*[Keys.BACKSPACE] * len(wanted), Keys.ESCAPE)
        heads = self._browser.driver.find_elements("css selector", "#devices thead button")
        self._browser.run("arguments[0].focus()", self._dice.choice(heads))
        self._browser.press(Keys.ENTER)
        self._await_update()

    def _use_device(self):
        theme = self._browser.driver.find_element("css selector", "#theme")
        theme.click()
        self._browser.press("j", Keys.ENTER)  # a session
        theme.click()
        self._browser.press("r")
        self._await_update()

    def _await_update(self):
        """A page that shows nothing new in a minute, with devices that report every few seconds, has
        stopped."""
        shown = self._browser.run("return Number(document.documentElement.dataset.shown)")
        stored = newest_upload(self._collector.database)
        if shown < stored:
            self._browser.until("an update", UPDATED, shown, seconds=60)
        time.sleep(0.3)  # a quick reader

    def _heap_bytes(self):
        driver = self._browser.driver
        driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
        return driver.execute_cdp_cmd("Runtime.getHeapUsage", {})["usedSize"]

    # ---- the end ----------------------------------------------------------------------------

    def finish(self, devices, pictures):
        """When all is stored: the page has all of it, and says what the records say."""
        database = Database(self._collector.database, self._registry)
        self._browser.resize(TALL)
        self._open_whole("/")
        self._browser.until("all rows are drawn",
                            "return !document.querySelector('#devices [data-stale=true]')")
        shown = figures.read(self._browser)
        lost = set(devices) - {figure["device"] for figure in shown}
        self.faults += [f"{device} is not on the page" for device in sorted(lost)]
        self._compare(database, shown, "the overview")
        for number, device in enumerate(self._dice.sample(devices, DEVICES_COMPARED)):
            self._open_whole("/device?" + urllib.parse.urlencode({"device": device}))
            self._compare(database, figures.read(self._browser), f"the page of {device}")
            if number == 0:
                self._take_pictures(pictures, "fleet-device")
        self._open_whole("/")
        self._take_pictures(pictures, "fleet-overview")
        self.faults += [f"the page complains: {each}" for each in self._browser.complaints()]
        self._sum_up(len(devices))

    def _open_whole(self, path):
        self._browser.open(self._collector.url + path)
        self._browser.until("all that is stored is shown", SHOWN,
                            newest_upload(self._collector.database), seconds=60)

    def _compare(self, database, shown, where):
        found = figures.Comparison(database, self._registry).differences(shown)
        self.faults += [f"{where}: {each}" for each in found]
        self.figures["compared"] = self.figures.get("compared", 0) + len(shown)

    def _take_pictures(self, folder, name):
        self._browser.run("localStorage.removeItem('theme');"
                          "delete document.documentElement.dataset.theme")
        for size, kind in ((DESKTOP, "desktop"), (PHONE, "phone")):
            self._browser.resize(size)
            for theme in ("light", "dark"):
                self._browser.prefer(theme)
                self._browser.picture(folder / f"{name}-{kind}-{theme}.png")
        self._browser.resize(TALL)

    def _sum_up(self, count):
        watched = self._watched
        inputs = sorted(each["ms"] for each in watched["inputs"])
        lags = sorted(self._lags())
        self.figures.update({
            "inputs": len(inputs),
            "input_to_paint_p50.ms": at(inputs, 50), "input_to_paint_p95.ms": at(inputs, 95),
            "input_to_paint_most.ms": at(inputs, 100),
            "open_device_p50.ms": round(statistics.median(self._opened_ms)),
            "tasks_over_50_ms": len(watched["tasks"]),
            "longest_task.ms": round(max(watched["tasks"], default=0)),
            "heap_start.bytes": self._heap["start"], "heap_end.bytes": self._heap["end"],
            "lag_p50.ms": at(lags, 50), "lag_p95.ms": at(lags, 95), "lag_most.ms": at(lags, 100),
            "updates": sum(map(len, watched["shown"])), "elements_most": watched["nodes"],
            "requests_a_second": round(watched["requests"] / watched["s"], 1)})
        if watched["nodes"] > NODES_A_DEVICE * count + NODES_ELSE:
            self.faults.append(f"the page has {watched['nodes']} elements for {count} devices")
        if self.figures["requests_a_second"] > REQUESTS_A_SECOND:
            self.faults.append(f"{self.figures['requests_a_second']} requests a second")

    def _lags(self):
        """Of each upload that came while the overview was looked at: from its arrival to the picture
        that has it."""
        with contextlib.closing(sqlite3.connect(self._collector.database)) as database:
            received = dict(database.execute("SELECT id, received_ms FROM uploads"))
        for shown in self._watched["shown"]:
            for before, now in zip(shown, shown[1:]):
                for upload in range(before["upload"] + 1, now["upload"] + 1):
                    yield now["at"] - received[upload]

    def close(self):
        elsewhere = self._browser.close() - {f"127.0.0.1:{self._collector.page}"}
        self.faults += [f"the browser spoke to {each}" for each in sorted(elsewhere)]

    def lines(self):
        return [f"page.{name:<28}{value:>12,}" for name, value in self.figures.items()]


def at(ordered, percent):
    """The value that so many percent do not exceed, rounded to whole ms."""
    return round(ordered[max(0, -(-len(ordered) * percent // 100) - 1)])
