# SPDX-License-Identifier: Apache-2.0
"""The checks of looks themselves: each finds what is wrong with a small page, and nothing else."""
import pathlib
import socket
import threading
import unittest
import urllib.parse

from browser import DESKTOP, PHONE, Browser

HERE = pathlib.Path(__file__).parent
CONTRAST = (HERE / "contrast.js").read_text(encoding="utf-8")
LAYOUT = (HERE / "layout.js").read_text(encoding="utf-8")


class Checks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)

    def show(self, body):
        page = f"<!doctype html><meta name=viewport content='width=device-width'><body>{body}"
        self.browser.open("data:text/html," + urllib.parse.quote(page))

    def contrast(self, body):
        self.show(body)
        return [(found["text"], found["ratio"]) for found in self.browser.run(CONTRAST)["found"]]

    def test_the_least_grey_that_can_be_read_on_white_passes_and_one_lighter_does_not(self):
        self.assertEqual(self.contrast("<p style='color:#767676'>sound</p>"), [])
        self.assertEqual(self.contrast("<p style='color:#777777'>faint</p>"), [("faint", 4.48)])

    def test_large_and_bold_text_may_be_lighter(self):
        self.assertEqual(self.contrast("<p style='color:#949494;font-size:24px'>sound</p>"), [])
        self.assertEqual(self.contrast("<p style='color:#949494;font-size:23px'>faint</p>"),
                         [("faint", 3.03)])
        self.assertEqual(
            self.contrast("<p style='color:#949494;font:bold 19px serif'>sound</p>"), [])

    def test_what_shines_through_counts(self):
        self.assertEqual(self.contrast("<p style='color:#000;opacity:.4'>faint</p>"),
                         [("faint", 2.85)])
        self.assertEqual(self.contrast(
            "<div style='background:#000'><p style='background:rgb(255 255 255/.5);color:#fff'>"
            "faint</p></div>"), [("faint", 3.95)])

    def test_a_picture_behind_text_is_a_finding(self):
        self.assertEqual(self.contrast(
            "<p style='background:linear-gradient(#000,#fff);color:#fff'>where</p>"),
            [("where", None)])

    def test_what_nobody_sees_is_left_out(self):
        self.assertEqual(self.contrast("<p style='color:#fff;display:none'>gone</p>"
                                       "<p style='color:#fff;visibility:hidden'>gone</p>"), [])

    def test_placeholders_count(self):
        self.assertEqual(self.contrast(
            "<style>::placeholder{color:#aaa}</style><input placeholder=find>")[0][0], "find")

    def layout(self, body, size=PHONE):
        self.browser.resize(size)
        self.addCleanup(self.browser.resize, DESKTOP)
        self.show(f"<style>body{{margin:0}}</style>{body}")
        return self.browser.run(LAYOUT)

    def test_what_is_too_wide_is_named(self):
        found = self.layout("<p style='width:400px'>wide</p>")
        self.assertGreater(found["page"], 0)
        self.assertEqual(found["parts"], ["p.: wide"])
        self.assertEqual(self.layout("<p style='width:360px'>fits</p>"),
                         {"width": 360, "page": 0, "parts": [], "cut": []})

    def test_what_one_can_scroll_to_is_not(self):
        self.assertEqual(self.layout("<div style='overflow-x:auto'><p style='width:400px'>x</p></div>"),
                         {"width": 360, "page": 0, "parts": [], "cut": []})

    def test_text_cut_off_without_a_sign_is_named(self):
        style = "width:50px;overflow:hidden;white-space:nowrap"
        self.assertEqual(self.layout(f"<p style='{style}'>much too long for it</p>")["cut"],
                         ["p.: much too long for it"])
        self.assertEqual(self.layout(
            f"<p style='{style};text-overflow:ellipsis'>much too long</p>")["cut"], [])

    def test_complaints_of_a_page_are_heard(self):
        self.show("<script>console.error('broken')</script>")
        self.assertTrue(any("broken" in each for each in self.browser.complaints()))


class Network(unittest.TestCase):
    def test_a_page_that_wants_to_leave_is_seen_and_gets_nowhere(self):
        wanted = ["http://192.0.2.1/x.png", "http://example.com/y.png"]
        browser = Browser()
        browser.open("data:text/html," + "".join(f"<img src='{url}'>" for url in wanted))
        asked = browser.requests()
        self.assertEqual(browser.close(), set())
        self.assertEqual([url for url in asked if url.startswith("http")], wanted)

    def test_whom_a_browser_spoke_to_is_known(self):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            here = "127.0.0.1:%d" % listening.getsockname()[1]
            browser = Browser()
            door = threading.Thread(target=lambda: listening.accept()[0].close())
            door.start()
            browser.open(f"data:text/html,<img src='http://{here}/x.png'>")
            door.join()
            listening.close()
            self.assertEqual(browser.close(), {here})


if __name__ == "__main__":
    unittest.main()
