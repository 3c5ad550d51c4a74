# SPDX-License-Identifier: Apache-2.0
"""The overview with 50 devices, by numbers, by keyboard, on a phone, in the dark, and with texts that a
page should beware of."""
import unittest

import figures
from browser import DESKTOP, PHONE
from made import HOSTILE, Street
from page_case import CONTRAST, LAYOUT, PICTURES, TALL, PageCase
from selenium.webdriver.common.keys import Keys

DEVICES = 50
OF_TWO_STREAMS = 3  # of each kind
# What the overview has to say of each device that has a session.
WANTED = {"p.su", "p.sc", "p.sd", "p.pt", "l.lb", "r.rj", "a.ap", "a.aq", "a.ad", "a.ud", "a.lh",
          "b.dm", "b.fw", "state", "received_kbps", "loss_ppm", "seen_ms", "uploads_failed",
          "records_stored", "records_missing", "resends", "uploads_refused", "boots"}
ROWS = "return [...document.querySelectorAll('#devices tbody tr:not([hidden])')].length"


class Overview(PageCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector = cls.serve_all()
        street = Street(cls.collector.database, cls.registry)
        for number in range(DEVICES - len(HOSTILE)):
            life, view = street.move_in(f"stb-{number:04}", seconds=6)
            if number < OF_TWO_STREAMS:
                view.attach()
                view.play(3)
                life.upload()
        for name, text in HOSTILE.items():
            street.move_in(f"{name} {text}", seconds=4, about={"dm": text, "fw": text},
                           watching={"ci": text, "ct": text})

    def setUp(self):
        super().setUp()
        self.browser.resize(DESKTOP)
        self.browser.prefer("light")
        self.open(self.collector)

    def tearDown(self):
        self.assertEqual(self.complaints(), [])

    def test_each_figure_of_each_device_is_what_its_records_say(self):
        self.browser.resize(TALL)
        self.browser.until("all rows are drawn",
                           "return !document.querySelector('#devices [data-stale=true]')")
        shown = figures.read(self.browser)
        self.assertEqual(self.compared(self.collector, shown), [])
        for device in self.database(self.collector).devices():
            told = {each["metric"] or each["figure"] for each in shown
                    if each["device"] == device and each["seen"]}
            self.assertEqual(WANTED - told, set(), device)

    def test_of_several_streams_each_has_its_number(self):
        shown = figures.read(self.browser)
        numbers = [each["stream"] for each in shown
                   if each["device"] == "stb-0001" and each["metric"] == "r.rj"]
        self.assertEqual(numbers, [1, 4])
        self.assertEqual(self.browser.run("return [...document.querySelectorAll("
                                          "'[data-row=stb-0001] .apart')].map((one) =>"
                                          " one.textContent.slice(0, 9))"), ["stream 1:", "stream 4:"])
        self.assertEqual(self.browser.run("return document.querySelectorAll("
                                          "'[data-row=stb-0005] .apart').length"), 0)

    def test_what_is_typed_into_the_filter_finds_devices(self):
        self.assertEqual(self.browser.run(ROWS), DEVICES)
        self.browser.press("/", "stb-0007")
        self.browser.until("one row is left", ROWS + " === 1")
        self.browser.press(*[Keys.BACKSPACE] * len("stb-0007"))
        self.browser.until("all are back", ROWS + f" === {DEVICES}")

    def test_hostile_texts_stay_texts(self):
        self.assertEqual(self.browser.run("return document.title"), "tally bench")
        made = self.browser.run("return [...document.querySelectorAll("
                                "'main img, main script, main iframe, main [onerror]')].length")
        self.assertEqual(made, 0)
        links = self.browser.run("return [...document.querySelectorAll('main a')]"
                                 ".map((link) => link.protocol + link.host)")
        self.assertEqual(set(links), {f"http:127.0.0.1:{self.collector.page}"})

    def test_nothing_sticks_out_of_a_phone_or_a_desktop(self):
        self.browser.resize(PHONE)
        self.assertEqual(self.browser.run(LAYOUT),
                         {"width": PHONE[0], "page": 0, "parts": [], "cut": []})
        self.browser.resize(DESKTOP)
        found = self.browser.run(LAYOUT)
        self.assertEqual((found["page"], found["parts"]), (0, []))

    def test_every_text_can_be_read_in_both_themes(self):
        for size, name in ((DESKTOP, "desktop"), (PHONE, "phone")):
            self.browser.resize(size)
            for theme in ("light", "dark"):
                with self.subTest(size=name, theme=theme):
                    self.browser.prefer(theme)
                    seen = self.browser.run(CONTRAST)
                    self.assertGreater(seen["judged"], 20 * DEVICES)
                    self.assertEqual(seen["found"], [])
                    self.browser.picture(PICTURES / f"many-{name}-{theme}.png")

    def test_a_device_is_reached_and_opened_by_keys_alone(self):
        for place in self.tabbed("a[href^='/device']"):
            self.assertTrue(place["outlined"] and place["inFront"] and place["named"], place)
        device = self.browser.run("return document.activeElement.textContent")
        self.browser.press(Keys.ENTER)
        self.browser.until("its page is there",
                           "return document.getElementById('device')?.textContent === arguments[0]",
                           device)


if __name__ == "__main__":
    unittest.main()
