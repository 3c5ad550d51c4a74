# SPDX-License-Identifier: Apache-2.0
"""The page of one device: its numbers, its plots, its timeline and its raw records; by keys alone, on a
phone, in both themes."""
import re
import unittest
import urllib.parse

import course
import figures
from browser import DESKTOP, PHONE
from made import HOSTILE, Life, Street, View
from page_case import CONTRAST, LAYOUT, PICTURES, PageCase
from selenium.webdriver.common.keys import Keys

# What there is to say of a session and of the device around it, whoever made it.
WANTED = {"p.su", "p.sc", "p.sd", "p.pt", "p.xe", "p.er", "p.sr", "l.lb", "r.rl", "r.rj", "f.fr",
          "f.fk", "e.et", "e.ec", "a.ap", "a.ad", "a.ud", "a.ao", "a.aq", "a.au", "a.az", "a.an", "a.at",
          "a.lh", "a.le", "a.ag", "b.dm", "b.fw", "b.re", "v.va", "state", "received_kbps", "loss_ppm",
          "records_stored", "records_missing", "resends", "uploads_refused"}


class DevicePage(PageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector = cls.serve_all()
        cls.street = Street(cls.collector.database, cls.registry)
        cls.life, _ = cls.street.move_in("stb-0001", seconds=20)

    def setUp(self):
        super().setUp()
        self.browser.resize(DESKTOP)
        self.browser.prefer("light")
        self.visit("stb-0001")

    def tearDown(self):
        self.assertEqual(self.complaints(), [])

    def visit(self, device):
        self.open(self.collector, "/device?" + urllib.parse.urlencode({"device": device}))

    def test_each_figure_is_what_the_records_say(self):
        self.open_records()
        shown = figures.read(self.browser)
        self.assertEqual(self.compared(self.collector, shown), [])
        told = {each["metric"] or each["figure"] for each in shown if each["seen"]}
        self.assertEqual(WANTED - told, set())

    def test_each_line_and_each_state_is_drawn_as_the_records_say(self):
        drawn = self.drawn()
        database, boot = self.database(self.collector), self.life.boot
        records = database.of_session("stb-0001", boot, 1)
        self.assertEqual(course.plot_faults(drawn["plots"], records,
                                            database.of_session("stb-0001", boot, None)), [])
        self.assertLessEqual({"bitrate", "buffer", "loss", "jitter", "frames", "damage"},
                             {plot["id"] for plot in drawn["plots"]})
        stalls = database.stalls("stb-0001", boot, 1)
        self.assertEqual(len(stalls), 1)
        self.assertEqual(course.span_faults(
            drawn["spans"], database.newest("stb-0001", boot, {"h", "x"}, 1)[1], stalls), [])

    def test_streams_of_a_session_are_told_apart(self):
        """Three of each kind; the first is over, and of what came with it only the loss is left."""
        life = Life(self.collector.database, self.registry, "stb-0003", 5, 1_700_000_000_000)
        life.begin()
        view = View(life, 1, "seed")
        view.start()
        for step in (view.attach, view.detach, view.attach):
            view.play(3)
            step()
        view.play(3)
        life.upload()
        self.visit("stb-0003")
        shown = figures.read(self.browser)
        self.assertEqual(self.compared(self.collector, shown), [])
        for metric, numbers in (("r.rl", [1, 4, 7]), ("r.rj", [1, 4, 7]), ("f.fr", [3, 6, 9])):
            self.assertEqual([each["stream"] for each in shown if each["metric"] == metric], numbers)
        told = {each["figure"]: each["value"] for each in shown if each["figure"]}
        self.assertEqual(told["received_kbps"], 8 * (590_000 // 4 + 590_000 // 7) // 1000)
        self.assertEqual(told["loss_ppm"], round(1e6 * 2 / 450))
        said = self.browser.run("return [...document.querySelectorAll('#now .apart .muted')]"
                                ".map((one) => one.textContent)")
        self.assertEqual(said[:3], ["stream 1, over: ", "stream 4: ", "stream 7: "])
        self.assertEqual(course.plot_faults(
            self.drawn()["plots"], self.database(self.collector).of_session("stb-0003", 5, 1), []), [])
        self.browser.resize(PHONE)
        self.assertEqual(self.browser.run(LAYOUT)["parts"], [])
        self.assertEqual(self.browser.run(CONTRAST)["found"], [])

    def test_a_plot_of_one_moment_shows_that_and_no_years(self):
        life = Life(self.collector.database, self.registry, "stb-0002", 5, 1_700_000_000_000)
        life.begin()
        view = View(life, 1, "seed")
        view.start()
        view.play(1)
        life.upload()
        self.visit("stb-0002")
        self.drawn()
        spans = self.browser.run("return [...document.querySelectorAll('.canvas')].filter((one) =>"
                                 " one.plot.chart).map((one) => one.plot.chart.scales.x)"
                                 ".map((x) => x.max - x.min)")
        self.assertGreaterEqual(len(spans), 3)
        self.assertLess(max(spans), 60)

    def test_raw_records_are_all_there_with_all_their_values(self):
        texts = self.assert_raw_records(self.database(self.collector), "stb-0001")
        self.assertTrue(any(re.search(r"p\.su\s+startup time\s+\d+ ms", text) for text in texts))

    def test_nothing_sticks_out_of_a_phone(self):
        self.browser.resize(PHONE)
        self.open_records()
        self.assertEqual(self.browser.run(LAYOUT),
                         {"width": PHONE[0], "page": 0, "parts": [], "cut": []})

    def test_every_text_and_every_line_can_be_seen_in_both_themes(self):
        for size, name in ((DESKTOP, "desktop"), (PHONE, "phone")):
            self.browser.resize(size)
            for theme in ("light", "dark"):
                with self.subTest(size=name, theme=theme):
                    self.browser.prefer(theme)
                    self.browser.picture(PICTURES / f"made-{name}-{theme}.png")
                    seen = self.browser.run(CONTRAST)
                    self.assertGreater(seen["judged"], 150)
                    self.assertEqual(seen["found"], [])

    def test_keys_alone_lead_to_a_session_its_records_the_theme_and_back(self):
        places = self.tabbed("#theme")
        self.browser.press(Keys.ENTER)
        self.browser.until("it is dark", "return document.documentElement.dataset.theme === 'dark'")
        self.addCleanup(self.browser.run, "localStorage.removeItem('theme')")
        places += self.tabbed("#help")
        self.browser.press(Keys.ENTER)
        self.browser.until("the list of keys", "return document.querySelector('dialog').open")
        self.browser.press(Keys.ESCAPE)
        self.browser.until("it is closed", "return !document.querySelector('dialog').open")
        places += self.tabbed("#sessions a")
        self.browser.press(Keys.ENTER)
        self.browser.until("the session is chosen", "return location.search.includes('session=1')")
        places += self.tabbed("#records summary")
        self.browser.press(Keys.ENTER)
        self.browser.until("records are listed", "return document.querySelector('#raw .record')")
        places += self.tabbed("#raw .record summary")
        self.browser.press(Keys.ENTER)
        self.browser.until("a record is open", "return document.querySelector('#raw .record[open]')")
        for place in places:
            with self.subTest(place=place["what"]):
                self.assertTrue(place["outlined"] and place["inFront"] and place["named"], place)
        self.browser.press("u")
        self.browser.until("all devices", "return document.querySelector('#devices a')")

    def test_hostile_texts_stay_texts(self):
        for name, text in HOSTILE.items():
            with self.subTest(text=name):
                device = f"{name} {text}"
                self.street.move_in(device, seconds=2, about={"dm": text, "fw": text},
                                    watching={"ci": text, "ct": text, "pn": text})
                self.visit(device)
                self.assertIn("tally bench", self.browser.run("return document.title"))
                self.assertEqual(self.browser.run(
                    "return document.getElementById('device').textContent"), device)
                self.open_records()
                self.assertEqual(self.browser.run("return document.querySelectorAll("
                                                  "'main img, main script, main [onerror]').length"), 0)
                self.assertEqual(self.compared(self.collector), [])
                self.browser.resize(PHONE)
                self.assertEqual(self.browser.run(LAYOUT)["parts"], [])
                self.browser.resize(DESKTOP)


if __name__ == "__main__":
    unittest.main()
