# SPDX-License-Identifier: Apache-2.0
"""Recipes for other engines: all load; what those that speak HTTP send is looked at on its way.

No engine of theirs has seen any of it.
"""
import gzip
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import unittest
import zlib

from engines import HERE, TELEGRAF, Places, Telegraf, await_true
from road import DEVICE, body, heartbeat, post_past_the_front
import harness

RECIPES = HERE / "recipes"
NEEDS_SUMS = ("datadog.conf", "newrelic.conf")
SECRETS = {"KAFKA_USER": "u", "KAFKA_PASSWORD": "secret-1", "DATADOG_API_KEY": "secret-2",
           "NEW_RELIC_LICENSE_KEY": "secret-3", "SPLUNK_TOKEN": "secret-4",
           "CLICKHOUSE_PASSWORD": "secret-5", "AWS_REGION": "eu-west-1",
           "AWS_ACCESS_KEY_ID": "AKIA0", "AWS_SECRET_ACCESS_KEY": "secret-6"}
AT_MS = 1760936591360
TITLE = "The film \"of\" the day"
IDENTITIES = (DEVICE, str(harness.BOOT), "film-1", TITLE)


def files_of(recipe):
    return [RECIPES / "sums.conf", recipe] if recipe.name in NEEDS_SUMS else [recipe]


def check(*files, **environment):
    own = [HERE / "telegraf" / name for name in Telegraf.OWN]
    return subprocess.run(
        [TELEGRAF, "config", "check", "--strict-env-handling",
         *(word for file in (*own, *files) for word in ("--config", file))],
        env={"PATH": os.environ["PATH"], **environment}, capture_output=True, text=True,
        timeout=60, check=False)


class Loads(unittest.TestCase):
    def test_each_recipe_loads(self):
        recipes = [path for path in sorted(RECIPES.glob("*.conf")) if path.name != "sums.conf"]
        self.assertEqual([path.stem for path in recipes],
                         ["clickhouse", "datadog", "kafka", "kinesis", "newrelic", "splunk"])
        for recipe in (*recipes, HERE / "telegraf/postgresql.conf"):
            done = check(*files_of(recipe), **SECRETS)
            self.assertEqual(done.returncode, 0, done.stderr + done.stdout)

    def test_a_recipe_with_a_mistake_does_not(self):
        for name, right, wrong in (("kafka.conf", "brokers", "brokrs"),
                                   ("splunk.conf", '"json"', '"jsn"'),
                                   ("sums.conf", "def apply", "def aply")):
            text = (RECIPES / name).read_text(encoding="utf-8").replace(right, wrong)
            with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
                file.write(text)
                file.flush()
                self.assertNotEqual(check(file.name, **SECRETS).returncode, 0, (name, wrong))

    def test_no_secret_is_in_a_recipe(self):
        for recipe in RECIPES.glob("*.conf"):
            for line in recipe.read_text(encoding="utf-8").splitlines():
                name, _, value = line.partition("=")
                if any(word in name.lower() for word in ("password", "key ", "token", "secret")) \
                        and not line.startswith("#") and "routing" not in name:
                    self.assertIn("${", value, (recipe.name, line))


def read_body(headers, stream):
    if "Content-Length" in headers:
        return stream.read(int(headers["Content-Length"]))
    data = b""
    while size := int(stream.readline(), 16):
        data += stream.read(size)
        stream.readline()
    stream.readline()
    return data


class Engine:
    """Takes what is posted and says what the engine would."""

    def __init__(self):
        self.requests = []
        engine = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                data = read_body(self.headers, self.rfile)
                packing = self.headers.get("Content-Encoding")
                data = {"gzip": gzip.decompress, "deflate": zlib.decompress}.get(
                    packing, bytes)(data)
                engine.requests.append((self.path, self.headers, data.decode()))
                self.send_response(202)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def lines(self):
        return [json.loads(line) for _, _, data in self.requests for line in data.splitlines()]


class Sends(unittest.TestCase):
    def setUp(self):
        self.engine = Engine()
        self.addCleanup(self.engine.stop)

    def send(self, recipe, **environment):
        """Uploads of two sessions through Telegraf with this recipe."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="tally-", dir=os.environ.get("TALLY_TEST_DIR")))
        self.addCleanup(shutil.rmtree, folder)
        places = Places(folder)
        telegraf = Telegraf(folder, places, *files_of(RECIPES / recipe), TALLY_PERIOD="2s",
                            **{**SECRETS, **environment})
        self.addCleanup(telegraf.stop)
        ends = [harness.record(seq, "x", 9000 + seq, s=seq, w=AT_MS + seq, y={"yg": 1},
                               d={"ct": TITLE, "ci": "film-1", "pn": "player"},
                               p={"pt": 1000 * seq}) for seq in (1, 2)]
        stream = harness.record(3, "r", 9003, s=2, sn=7, w=AT_MS + 3, r={"rx": 5})
        self.assertEqual(
            post_past_the_front(places, body(heartbeat(0, w=AT_MS), *ends, stream)), 204)

    def await_lines(self, count):
        """Each record is a request of its own, in any order."""
        await_true(f"{count} records are sent", lambda: len(self.engine.lines()) >= count)

    def await_text(self, text):
        await_true(f"'{text}' is sent", lambda: any(
            text in data for _, _, data in self.engine.requests))

    def assert_no_identity(self):
        sent = "".join(data for _, _, data in self.engine.requests)
        for identity in IDENTITIES:
            self.assertNotIn(json.dumps(identity)[1:-1], sent)

    def test_datadog_is_sent_sums_by_labels_of_few_values(self):
        self.send("datadog.conf", DATADOG_URL=f"{self.engine.url}/api/v1/series")
        self.await_text("play_time_ms_sum")
        self.assertIn("api_key=secret-2", self.engine.requests[0][0])
        series = [row for _, _, data in self.engine.requests for row in json.loads(data)["series"]]
        sums = {}
        for row in series:
            sums[row["metric"]] = sums.get(row["metric"], 0) + row["points"][0][1]
        self.assertEqual((sums["tally_sessions.sessions_sum"],
                          sums["tally_sessions.play_time_ms_sum"]), (2, 3000))
        self.assertIn("player_name:player", series[0]["tags"])
        self.assert_no_identity()

    def test_new_relic_is_sent_the_same(self):
        self.send("newrelic.conf", NEW_RELIC_URL=f"{self.engine.url}/metric/v1")
        self.await_text("play_time_ms_sum")
        self.assertEqual(self.engine.requests[0][1]["Api-Key"], "secret-3")
        rows = [row for _, _, data in self.engine.requests for part in json.loads(data)
                for row in part["metrics"]]
        self.assertEqual(sum(row["value"] for row in rows
                             if row["name"] == "tally.tally_sessions.play_time_ms_sum"), 3000)
        self.assert_no_identity()

    def test_splunk_is_sent_each_record_at_its_time(self):
        self.send("splunk.conf", SPLUNK_URL=self.engine.url)
        self.await_lines(4)
        path, headers, _ = self.engine.requests[0]
        self.assertEqual((path, headers["Authorization"]),
                         ("/services/collector/event", "Splunk secret-4"))
        events = sorted(self.engine.lines(), key=lambda event: event["event"]["seq"])
        self.assertEqual([(event["time"], event["sourcetype"]) for event in events],
                         [(AT_MS / 1000, "tally:heartbeat"), ((AT_MS + 1) / 1000, "tally:end"),
                          ((AT_MS + 2) / 1000, "tally:end"),
                          ((AT_MS + 3) / 1000, "tally:rtp")])
        self.assertEqual([event["event"].get("stream_number") for event in events],
                         [None, None, None, 7])
        self.assertEqual((events[1]["event"]["content_title"], events[1]["event"]["boot"],
                          events[1]["event"]["player_name"]), (TITLE, harness.BOOT, "player"))

    def test_clickhouse_is_sent_a_row_a_record(self):
        self.send("clickhouse.conf", CLICKHOUSE_URL=self.engine.url)
        self.await_lines(4)
        self.assertIn("FORMAT%20JSONEachRow", self.engine.requests[0][0])
        rows = sorted(self.engine.lines(), key=lambda row: row["seq"])
        self.assertEqual([(row["device"], row["boot"], row["seq"], row["kind"], row["session"],
                           row["stream_number"], row["at"]) for row in rows],
                         [(DEVICE, harness.BOOT, seq, kind, session, stream, (AT_MS + seq) / 1000)
                          for seq, kind, session, stream in (
                              (0, "h", 1, 0), (1, "x", 1, 0), (2, "x", 2, 0), (3, "r", 2, 7))])
        fields = json.loads(rows[2]["fields"])
        self.assertEqual((fields["play_time_ms"], fields["content_title"]), (2000, TITLE))
        self.assertEqual(json.loads(rows[2]["tags"])["player_name"], "player")


if __name__ == "__main__":
    unittest.main()
