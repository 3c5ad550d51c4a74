# SPDX-License-Identifier: Apache-2.0
"""The page while a board in QEMU plays a damaged stream: what it shows is what the database has, at each
moment and in the end."""
import pathlib
import sys
import unittest
import urllib.parse

import course
import figures
from browser import DESKTOP, PHONE
from page_case import CONTRAST, LAYOUT, PICTURES, PageCase

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import board_case  # noqa: E402
import devices  # noqa: E402
import scenario  # noqa: E402

# What this board tells of; and what it does not measure, which the page has to say.
TOLD = {"p.su", "p.sc", "p.sd", "p.pt", "p.xe", "p.sr", "r.rl", "r.rj", "e.et", "a.ap", "a.am",
        "a.au", "a.az", "a.lh", "a.ah", "a.as", "b.dm", "b.fw", "b.re"}
UNMEASURED = {"l.lb"}
# Notes each play time that the overview shows, with the record it is from and the state beside it.
WATCH = """
window.seen = [];
new MutationObserver(() => {
  const of = (what) => document.querySelector(`#devices [data-${what}]`)?.dataset ?? {};
  const played = of("metric='p.pt'");
  const noted = [played.seq, played.state, played.value, of("figure=state").value].map(
    (each) => each === undefined ? null : JSON.parse(/^[a-z]/.test(each) ? `"${each}"` : each));
  if (JSON.stringify(noted) !== JSON.stringify(window.seen.at(-1))) window.seen.push(noted);
}).observe(document.body, { subtree: true, childList: true });
"""
ENDED = "return window.seen.some(([, , , state]) => state === 'ended') && window.seen"
SENDER = ("--seconds", "10", "--pause", "4:2", "--drop", "12", "--duplicate", "5", "--reorder", "4",
          "--bye")


class Patient(devices.Mps2):
    """A board whose time nobody looks at: it has no precedence over suites whose subject that is."""
    pace = None


class BoardPage(PageCase):
    """One run, looked at by all tests; `seen` is what the overview showed in its course."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        prepared = board_case.prepare(devices.Mps2)
        cls.certs = prepared.certs
        cls.collector = cls.serve_all(port=prepared.port)
        cls.browser.resize(DESKTOP)
        cls.browser.open(cls.collector.url)
        cls.browser.run(WATCH)
        device = Patient(cls.shared, prepared.certs, prepared.port, prepared.image)
        cls.addClassCleanup(device.stop)
        device.await_join()
        sender = scenario.Sender(cls.shared, prepared.media, device, *SENDER)
        cls.addClassCleanup(sender.stop)
        sender.finish(60)
        device.finish(cls.collector)
        device.stop()
        cls.seen = cls.browser.until("the session ended on the page", ENDED)

    def setUp(self):
        super().setUp()
        self.browser.resize(DESKTOP)
        self.browser.prefer("light")
        database = self.database(self.collector)
        self.boot = database.newest_boot(scenario.DEVICE_ID)
        self.assertEqual(database.devices(), {scenario.DEVICE_ID})

    def tearDown(self):
        self.assertEqual(self.complaints(), [])

    def visit(self):
        self.open(self.collector, "/device?" + urllib.parse.urlencode({"device": scenario.DEVICE_ID}))

    def test_the_overview_followed_the_run_by_itself(self):
        records = self.database(self.collector).records
        played = [(seq, value) for seq, state, value, _ in self.seen if state == "told"]
        self.assertGreaterEqual(len({seq for seq, _ in played}), 3)
        for seq, value in played:
            self.assertEqual(records[scenario.DEVICE_ID, self.boot, seq]["p"]["pt"], value)
        states = [state for _, _, _, state in self.seen]
        self.assertLess(states.index("playing"), states.index("ended"))
        self.assertEqual(states[-1], "ended")

    def test_each_figure_of_the_overview_is_what_the_records_say(self):
        self.open(self.collector)
        self.assertEqual(self.compared(self.collector), [])
        for size, name in ((DESKTOP, "desktop"), (PHONE, "phone")):
            self.picture(size, f"board-overview-{name}")

    def test_each_figure_of_the_device_is_what_its_records_say(self):
        self.visit()
        shown = figures.read(self.browser)
        self.assertEqual(self.compared(self.collector, shown), [])
        states = {each["metric"]: each["state"] for each in shown if each["seen"]}
        self.assertEqual({name for name in TOLD if states.get(name) not in ("told", "zero")}, set())
        self.assertEqual({name for name in UNMEASURED if states.get(name) != "unmeasured"}, set())
        told = {each["figure"]: each["value"] for each in shown if each["figure"]}
        self.assertGreater(told["loss_ppm"], 0)
        self.assertEqual(told["records_missing"], 0)
        for size, name in ((DESKTOP, "desktop"), (PHONE, "phone")):
            self.picture(size, f"board-device-{name}")

    def picture(self, size, name):
        """One in each theme, of what can be read and fits."""
        self.browser.resize(size)
        for theme in ("light", "dark"):
            self.browser.prefer(theme)
            self.browser.picture(PICTURES / f"{name}-{theme}.png")
            self.assertEqual(self.browser.run(CONTRAST)["found"], [])
            self.assertEqual(self.browser.run(LAYOUT)["page"], 0)

    def test_each_line_and_each_state_is_drawn_as_the_records_say(self):
        self.visit()
        drawn = self.drawn()
        database, of_session = self.database(self.collector), (scenario.DEVICE_ID, self.boot, 1)
        self.assertEqual(course.plot_faults(
            drawn["plots"], database.of_session(*of_session),
            database.of_session(scenario.DEVICE_ID, self.boot, None)), [])
        self.assertLessEqual({"bitrate", "loss", "jitter"}, {plot["id"] for plot in drawn["plots"]})
        stalls = database.stalls(*of_session)
        self.assertGreaterEqual(len(stalls), 1)
        _, end = database.newest(scenario.DEVICE_ID, self.boot, {"x"}, 1)
        self.assertEqual(course.span_faults(drawn["spans"], end, stalls), [])

    def test_raw_records_are_all_there_with_all_their_values(self):
        self.visit()
        self.assert_raw_records(self.database(self.collector), scenario.DEVICE_ID)


if __name__ == "__main__":
    unittest.main()
