# SPDX-License-Identifier: Apache-2.0
"""What tests of the live page have in common: a collector that serves it, and a browser."""
import collections
import contextlib
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import scenario  # noqa: E402
import course  # noqa: E402
import figures  # noqa: E402
from browser import Browser, Timeout  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from truth import Database, Registry  # noqa: E402

PICTURES = pathlib.Path(os.environ.get("TALLY_PAGE_DIR", scenario.ROOT / "build" / "page"))
HERE = pathlib.Path(__file__).parent
CONTRAST = (HERE / "contrast.js").read_text(encoding="utf-8")
FOCUS = (HERE / "focus.js").read_text(encoding="utf-8")
LAYOUT = (HERE / "layout.js").read_text(encoding="utf-8")
TALL = (1600, 5000)  # all that a page has is in sight
OLDER = "[...document.querySelectorAll('.pager button')].find((one) => one.textContent === 'older')"
RAW = """
return [...document.querySelectorAll("#raw .record")].map(({ dataset, innerText }) =>
  [Number(dataset.boot), Number(dataset.seq), innerText]);
"""
SHOWN = """
const { ready, live, shown } = document.documentElement.dataset;
return ready === "true" && live === "open" && Number(shown) >= arguments[0];
"""


class Collector(scenario.Collector):
    """One that serves the page, on the same port when it is started again."""

    def __init__(self, folder, certs, *switches, page=0, **settings):
        super().__init__(folder, certs, "--page", page, *switches, **settings)
        self.page = json.loads((folder / "collector.ready").read_text())["page"]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.page}"


def newest_upload(path):
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return database.execute("SELECT COALESCE(MAX(id), 0) FROM uploads").fetchone()[0]


def registry():
    told = subprocess.run([scenario.PROGRAMS / "tally-decode", "--registry"], check=True,
                          capture_output=True).stdout
    return Registry(json.loads(told))


class PageCase(unittest.TestCase):
    """A class has one browser; it spoke to nobody but the pages of its tests."""

    @classmethod
    def setUpClass(cls):
        scenario.share(cls)
        cls.registry = registry()
        cls.pages = set()
        cls.browser = Browser()
        cls.addClassCleanup(cls.end_browser)

    @classmethod
    def end_browser(cls):
        elsewhere = cls.browser.close() - cls.pages
        if elsewhere:
            raise AssertionError(f"the browser spoke to {sorted(elsewhere)}")

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=self.shared))
        self.browser.open("about:blank")  # the page before may miss its collector
        self.heard = len(self.browser.complaints())

    def start(self, maker, *arguments, **settings):
        process = maker(self.folder, *arguments, **settings)
        self.addCleanup(process.stop)
        return process

    def serve(self, **settings):
        """A collector with its page."""
        return self._serve(self.folder, self.addCleanup, **settings)

    @classmethod
    def serve_all(cls, **settings):
        """One for all tests of a class."""
        return cls._serve(cls.shared, cls.addClassCleanup, **settings)

    @classmethod
    def _serve(cls, folder, add_cleanup, **settings):
        collector = Collector(folder, cls.certs, **settings)
        add_cleanup(collector.stop)
        cls.pages.add(f"127.0.0.1:{collector.page}")
        return collector

    def open(self, collector, path="/"):
        self.browser.open(collector.url + path)
        self.await_shown(collector)

    def await_shown(self, collector):
        """Until the page has all that is stored now."""
        upload = newest_upload(collector.database)
        self.browser.until(f"upload {upload} is on the page", SHOWN, upload)

    def database(self, collector):
        return Database(collector.database, self.registry)

    def compared(self, collector, shown=None):
        """Where the figures on the page differ from the database as it is now."""
        comparison = figures.Comparison(self.database(collector), self.registry)
        return comparison.differences(figures.read(self.browser) if shown is None else shown)

    def drawn(self):
        """What is drawn over time, once all of it is."""
        self.browser.resize(TALL)
        self.browser.until("all plots are drawn", "return document.querySelectorAll('.canvas canvas')"
                           ".length === document.querySelectorAll('figure:not([hidden])').length")
        return course.read(self.browser)

    def open_records(self):
        """Opens the list of raw records, and each on its first leaf."""
        self.browser.run("document.getElementById('records').open = true")
        self.open_leaf()

    def open_leaf(self):
        self.browser.until("records are listed", "return document.querySelector('#raw .record')")
        self.browser.run("document.querySelectorAll('#raw details').forEach((one) => one.open = true)")
        self.browser.until("records are open",
                           "return !document.querySelector('#raw .record:not(:has(pre))')")

    def assert_raw_records(self, database, device):
        """Every record of a device is listed, with just the values that it has; their texts."""
        self.open_records()
        texts = {}
        while True:
            figures_of = collections.defaultdict(dict)
            for each in figures.read(self.browser):
                if each["exact"]:
                    figures_of[each["boot"], each["seq"]][each["metric"]] = each["value"]
            for boot, seq, text in self.browser.run(RAW):
                texts[boot, seq] = text
                self.assertEqual(figures_of[boot, seq], database.values(device, boot, seq))
            if self.browser.run(f"return {OLDER}.disabled"):
                break
            self.browser.run(f"document.querySelector('#raw .record').id = 'before'; {OLDER}.click()")
            self.browser.until("older ones", "return !document.getElementById('before')")
            self.open_leaf()
        self.assertEqual(set(texts), {(boot, seq) for of, boot, seq in database.records
                                      if of == device})
        return texts.values()

    def complaints(self):
        return self.browser.complaints()[self.heard:]

    def focus(self):
        """What has the focus, once the page has scrolled there or will not."""
        with contextlib.suppress(Timeout):
            self.browser.until("it is in front", f"return (() => {{{FOCUS}}})()?.inFront", seconds=1)
        return self.browser.run(FOCUS)

    def tabbed(self, selector, most=60):
        """Presses Tab until what the selector says has the focus; all places on the way there."""
        places = []
        for _ in range(most):
            self.browser.press(Keys.TAB)
            places.append(self.focus())
            if self.browser.run("return document.activeElement.matches(arguments[0])", selector):
                return places
        return self.fail(f"{most} times Tab did not lead to {selector}: {places}")
