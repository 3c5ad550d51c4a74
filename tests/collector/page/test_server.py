# SPDX-License-Identifier: Apache-2.0
"""The page as a program: what it tells of a database, to whom, and what it does with strangers."""

import contextlib
import http.client
import json
import os
import subprocess
import unittest

from by_hand import FOLDER, REGISTRY
from harness import BOOT, DEVICE, CollectorProcess, CollectorTest, body, record, scratch

HOSTILE = "<img src=x onerror=alert(1)>\u202e&\"'"


class Served(CollectorTest):
    """A collector with its page, and what was uploaded to it."""

    def setUp(self):
        self.started = self.serve(self.addCleanup)

    @classmethod
    def serve(cls, add_cleanup):
        folder = scratch(add_cleanup)
        registry = os.path.join(folder, "registry.json")
        with open(registry, "w", encoding="utf-8") as out:
            out.write(REGISTRY.text)
        started = CollectorProcess(cls.certs, folder, "--page", "0", "--registry", registry)
        add_cleanup(started.stop)
        return started

    def connect(self):
        return contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", self.started.page, timeout=60))

    def get(self, path, method="GET", **headers):
        """(status, headers, body) of a request on a connection of its own."""
        with self.connect() as connection:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def told(self, path):
        status, _, data = self.get(path)
        self.assertEqual(status, 200, data)
        return json.loads(data)

    def upload(self, *records, registry=REGISTRY.version, **head):
        answer = self.started.upload(body(*records, registry=registry, **head))
        self.assertEqual(answer, (204, ""))

    def upload_session(self, **head):
        self.upload(record(0, "b", 0, b={"dm": HOSTILE}, c={"a": 3, "e": 3, "p": 15, "r": 7}),
                    record(1, "s", 1000, s=1, d={"ki": 0}),
                    record(2, "h", 3000, s=1, p={"pt": 1200, "se": 2, "su": 800}),
                    record(3, "r", 3000, s=1, sn=1, r={"rl": 2, "rx": 1000, "ry": 5000}),
                    record(4, "a", 3000, a={"lh": 204}), **head)

    def device(self):
        return self.told(f"/api/device?device={DEVICE}")

    def session(self):
        return self.told(f"/api/session?device={DEVICE}&boot={BOOT}&session=1")


class Told(Served):
    def test_without_a_device_there_is_none(self):
        told = self.told("/api/devices")
        self.assertEqual((told["devices"], told["count"], told["upload"]), ([], 0, 0))

    def test_a_figure_comes_with_its_record_and_how_it_is_known(self):
        self.upload_session()
        device = self.told("/api/devices")["devices"][0]
        last = device["session"]["last"]
        self.assertEqual((last["boot"], last["seq"], last["session"]), (BOOT, 2, 1))
        self.assertEqual({name: last["m"][name] for name in ("p.su", "p.sc", "l.lb")},
                         {"p.su": ["told", 800], "p.sc": ["zero", 0], "l.lb": ["unmeasured"]})
        self.assertEqual(device["agent"]["m"]["a.ad"], ["zero", 0])
        self.assertEqual((device["session"]["state"], device["session"]["loss_ppm"]),
                         ("playing", 2000))
        self.assertEqual((device["records_stored"], device["records_missing"]), (5, 0))

    def test_a_row_that_somebody_changes_changes_the_page(self):
        self.upload_session()
        self.started.execute(
            "UPDATE records SET json = json_set(json, '$.p.su', 801) WHERE seq = 2")
        self.assertEqual(self.session()["last"]["m"]["p.su"], ["told", 801])
        self.assertEqual(self.device()["boots"][0]["sessions"][0]["last"]["m"]["p.su"],
                         ["told", 801])

    def test_a_set_that_changes_holds_for_what_was_made_behind_it(self):
        self.upload_session()
        self.upload(record(5, "a", 4000, a={"lh": 204}, c={"a": 2}))
        self.assertEqual(self.device()["health"]["agent"]["m"]["a.ad"], ["unmeasured"])

    def test_of_a_device_with_another_registry_nothing_that_is_absent_is_known(self):
        self.upload(record(0, "b", 0, c={"p": 15}), record(1, "h", 9, s=1, p={"su": 800}),
                    registry=4)
        last = self.session()["last"]["m"]
        self.assertEqual((last["p.su"], last["p.sc"]), (["told", 800], ["unknown"]))

    def test_a_gap_in_the_numbers_is_missing_until_it_is_filled(self):
        self.upload(record(0), record(3))
        self.assertEqual(self.told("/api/devices")["devices"][0]["records_missing"], 2)
        self.upload(record(1), record(2), record(3))
        device = self.told("/api/devices")["devices"][0]
        self.assertEqual((device["records_missing"], device["resends"]), (0, 1))

    def test_the_boot_that_runs_comes_first_whatever_of_the_one_before_comes_behind_it(self):
        self.upload(record(0, "b", 0), boot=8, uptime_ms=500)
        self.upload(record(0, "h", 700, s=4, p={"se": 2}), boot=7)
        told = self.device()
        self.assertEqual([boot["boot"] for boot in told["boots"]], [8, 7])
        self.assertEqual(told["boots"][1]["sessions"][0]["state"], "cut")
        self.assertEqual((told["overview"]["boot_id"], told["overview"]["boots"]), (8, 2))

    def test_a_refusal_is_told_with_its_reason(self):
        self.started.upload(b"rubbish")
        told = self.device()
        self.assertEqual((told["boots"], told["health"]), ([], None))
        self.assertEqual(told["refusals"][0]["status"], 400)
        self.assertEqual(told["overview"]["uploads_refused"], 1)

    def test_raw_records_are_told_page_by_page_newest_first(self):
        self.upload(*(record(seq) for seq in range(5)))
        first = self.told(f"/api/records?device={DEVICE}&limit=2")["records"]
        self.assertEqual([each["seq"] for each in first], [4, 3])
        self.assertEqual(first[0]["fields"], {"k": "e", "q": 4, "u": 1000})
        before = f"before={first[-1]['id']}"
        more = self.told(f"/api/records?device={DEVICE}&limit=9&{before}")["records"]
        self.assertEqual([each["seq"] for each in more], [2, 1, 0])

    def test_a_long_session_is_thinned_and_says_so(self):
        """Of 1500 moments every third is drawn, and the last one; differences are over all."""
        self.upload(*(record(n, "r", 1000 * n, s=1, sn=1, r={"rl": n, "rx": 10 * n})
                      for n in range(1, 1501)))
        told = self.session()
        loss = next(plot for plot in told["plots"] if plot["id"] == "loss")["lines"][0]
        self.assertEqual((told["of"], told["drawn"]), (1500, 501))
        self.assertEqual(sum(loss["values"]), 1500)
        self.assertEqual(loss["at"][-1], 1_500_000)

    def test_of_a_long_session_the_last_word_on_each_stream_is_drawn(self):
        self.upload(*(record(at, "r", 1000 * at, s=1, sn=1 + at // 100, r={"rl": 1 + at % 100})
                      for at in range(1500)))
        told = self.session()
        lines = next(plot for plot in told["plots"] if plot["id"] == "loss")["lines"]
        self.assertEqual([(line["stream"], sum(line["values"])) for line in lines],
                         [(number, 100) for number in range(1, 16)])

    def test_each_stream_is_told_by_its_last_record_and_whether_it_is_over(self):
        """The second goes on, the first was attached anew as the third."""
        self.upload(record(0, "r", 1000, s=1, sn=1, r={"rl": 1, "rx": 100, "ry": 9000}),
                    record(1, "r", 1000, s=1, sn=2, r={"rl": 5, "rx": 500, "ry": 1000}),
                    record(2, "r", 1500, s=1, sn=1, r={"rl": 2, "rx": 200, "ry": 10_000}),
                    record(3, "h", 2000, s=1, p={"se": 2}),
                    record(4, "r", 2000, s=1, sn=3, r={"rl": 3, "rx": 300, "ry": 7000}),
                    record(5, "r", 2000, s=1, sn=2, r={"rl": 6, "rx": 700, "ry": 3000}))
        told = self.session()
        self.assertEqual([(each["stream"], each["seq"], each["is_over"]) for each in told["streams"]],
                         [(1, 2, True), (2, 5, False), (3, 4, False)])
        summary = told["summary"]
        self.assertEqual([each["stream"] for each in summary["streams"]], [2, 3])
        self.assertEqual(summary["loss_ppm"], round(1e6 * (2 + 6 + 3) / (200 + 700 + 300)))
        self.assertEqual(summary["received_kbps"], 16)

    def test_of_very_many_streams_the_highest_numbers_are_told(self):
        self.upload(*(record(at, "f", 1000, s=1, sn=100 - at, f={"fr": 1}) for at in range(100)))
        told = [each["stream"] for each in self.session()["streams"]]
        self.assertEqual((len(told), told[0], told[-1]), (32, 69, 100))

    def test_numbers_of_other_sessions_kinds_and_boots_are_of_other_streams(self):
        self.upload(record(0, "r", 1, s=1, sn=1, r={"rl": 10, "rx": 100}),
                    record(1, "t", 1, s=1, sn=1),
                    record(2, "r", 1, s=2, sn=1, r={"rl": 20, "rx": 100}))
        self.upload(record(0, "r", 1, s=1, sn=1, r={"rl": 40, "rx": 100}), boot=7)
        self.assertEqual(self.session()["summary"]["loss_ppm"], 100_000)
        self.assertEqual([each["kind"] for each in self.session()["streams"]], ["r", "t"])

    def test_a_text_of_a_device_is_told_as_it_is(self):
        self.upload_session()
        told = self.device()["boots"][0]["about"]["m"]["b.dm"]
        self.assertEqual(told, ["told", HOSTILE])


class Changes(Served):
    @contextlib.contextmanager
    def listening(self):
        with self.connect() as connection:
            connection.request("GET", "/api/changes")
            yield connection.getresponse()

    @staticmethod
    def heard(answer):
        """The next change that is told."""
        while True:
            line = answer.readline().decode().strip()
            if line.startswith("data: "):
                return json.loads(line.removeprefix("data: "))

    def test_who_begins_to_listen_hears_that_all_may_have_changed(self):
        self.upload_session()
        with self.listening() as answer:
            self.assertEqual(answer.headers["Content-Type"], "text/event-stream")
            self.assertEqual(self.heard(answer), {"upload": 1, "devices": None})

    def test_an_upload_names_its_device(self):
        with self.listening() as answer:
            self.heard(answer)
            self.upload_session()
            self.assertEqual(self.heard(answer), {"upload": 1, "devices": [DEVICE]})

    def test_a_row_that_somebody_else_changes_is_noticed(self):
        with self.listening() as answer:
            self.heard(answer)
            self.upload_session()
            self.heard(answer)
            self.started.execute("UPDATE records SET session = 2 WHERE seq = 2")
            self.assertEqual(self.heard(answer), {"upload": 1, "devices": None})

    def test_pages_beyond_a_number_are_turned_away(self):
        with contextlib.ExitStack() as stack:
            for _ in range(32):
                self.heard(stack.enter_context(self.listening()))
            self.assertEqual(self.get("/api/changes")[0], 503)

    def test_the_collector_ends_at_once_while_pages_listen(self):
        with self.listening() as answer:
            self.heard(answer)
            self.assertEqual(self.started.stop(), 0)


class Guarded(Served):
    """What strangers get; none of these tests leaves anything behind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.started = cls.serve(cls.addClassCleanup)

    def setUp(self):
        """One collector is enough for all."""

    def test_another_name_for_this_machine_gets_nothing(self):
        ours = f":{self.started.page}"
        for host in ("evil.example", "evil.example" + ours, "localhost.evil.example" + ours,
                     "localhost:1", "127.0.0.1.evil.example" + ours, "", "10.0.0.1" + ours):
            for path in ("/", "/api/devices", "/api/changes", "/nothing"):
                with self.subTest(host=host, path=path):
                    status, _, data = self.get(path, Host=host)
                    self.assertEqual((status, data), (403, b"this page is for localhost only\n"))

    def test_this_machine_by_its_names_is_served(self):
        for host in ("localhost", "127.0.0.1", "LOCALHOST"):
            self.assertEqual(self.get("/", Host=f"{host}:{self.started.page}")[0], 200)

    def test_nothing_but_get_is_answered(self):
        for method in ("POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"):
            for path in ("/", "/api/devices", "/nothing"):
                self.assertEqual(self.get(path, method)[0], 405, method)

    def test_it_is_reached_from_this_machine_alone(self):
        listening = subprocess.run(["ss", "-Hltn", f"sport = :{self.started.page}"], check=True,
                                   capture_output=True, text=True).stdout.split()
        self.assertEqual(listening[3], f"127.0.0.1:{self.started.page}")

    def test_every_answer_forbids_other_scripts_and_other_sites(self):
        for path in ("/", "/device", "/static/page.css", "/static/uPlot.mjs", "/api/devices",
                     "/api/device", "/nothing", "/api/device?device=none"):
            _, headers, _ = self.get(path)
            policy = headers["Content-Security-Policy"]
            self.assertIn("default-src 'none'; script-src 'self';", policy)
            self.assertNotIn("unsafe", policy)
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(headers["Cross-Origin-Resource-Policy"], "same-origin")

    def test_files_are_those_of_the_page_and_no_others(self):
        for path in ("/static/", "/static", "/static/../server.py", "/static/%2e%2e/server.py",
                     "/static/..%2fserver.py", "/server.py", "/static/overview.html/",
                     "//etc/passwd", "/static/%00", "/static/page.css%00.html"):
            self.assertEqual(self.get(path)[0], 404, path)

    def test_questions_that_make_no_sense_are_refused_in_a_line(self):
        session = f"/api/session?device={DEVICE}"
        for path in ("/api/device", "/api/records", session, f"{session}&boot=1",
                     f"{session}&boot=x&session=1", f"{session}&boot=-1&session=1",
                     f"{session}&boot={1 << 63}&session=1",
                     f"{session}&boot=1&session={'9' * 4000}",
                     f"{session}&boot=%D9%A1&session=1",  # a digit, but of another script
                     f"/api/records?device={DEVICE}&limit=1e3"):
            status, _, data = self.get(path)
            self.assertEqual(status, 400, path)
            self.assertEqual(len(data.splitlines()), 1)

    def test_what_is_not_there_is_not_found(self):
        session = f"/api/session?device={DEVICE}"
        for path in ("/api/device?device=none", f"{session}&boot={BOOT}&session=9",
                     f"{session}&boot=1&session=1",
                     "/api/device?device=%27%20OR%201=1--"):
            self.assertEqual(self.get(path)[0], 404, path)

    def test_a_page_has_no_script_or_style_of_its_own(self):
        """The policy would not let it run; the files should not try."""
        for file in sorted((FOLDER / "static").glob("*.html")):
            text = file.read_text("utf-8")
            for found in ("<style", " style=", "javascript:", " onclick=", " onload="):
                self.assertNotIn(found, text, file.name)
            self.assertEqual(text.count("<script"), text.count("<script src=")
                             + text.count('<script type="module" src='), file.name)

    def test_no_text_enters_the_page_as_markup(self):
        for file in sorted((FOLDER / "static").glob("*js")):
            text = file.read_text("utf-8")
            for found in ("innerHTML", "outerHTML =", "insertAdjacentHTML", "document.write",
                          "eval("):
                self.assertNotIn(found, text, file.name)


class Refused(CollectorTest):
    def test_a_page_without_names_is_refused_in_a_line(self):
        with self.assertRaisesRegex(AssertionError, "--page needs --registry"):
            self.collector("--page", "0")


if __name__ == "__main__":
    unittest.main()
