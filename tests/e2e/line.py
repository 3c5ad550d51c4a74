# SPDX-License-Identifier: Apache-2.0
"""The line on Linux: certificates, media, and processes that end with their test."""
import sys
import unittest

import agreement
import scenario

sys.path.append(str(scenario.TESTS / "schema"))
import validator  # noqa: E402

BUFFER = agreement.Buffer(start_ms=500, resume_ms=400, end_after_ms=2000)


class Line(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scenario.share(cls)
        cls.media = scenario.make_media(cls.shared, 10, 2000)

    def setUp(self):
        self.folder = self.shared / self.id().rsplit(".", 1)[-1]
        self.folder.mkdir()

    def start(self, maker, *arguments, **settings):
        process = maker(self.folder, *arguments, **settings)
        self.addCleanup(process.stop)
        return process

    def collector(self, *switches, **settings):
        collector = self.start(scenario.Collector, self.certs, *switches, **settings)
        self.addCleanup(self.assert_schema, collector)
        return collector

    def assert_schema(self, collector):
        """Whatever a device of this test uploaded, the schema has it."""
        for number, body in enumerate(collector.bodies()):
            with self.subTest(upload=number):
                validator.schema().check_bytes(body)

    def device(self, port, host="127.0.0.1", **settings):
        endpoint = f"https://{host}:{port}{scenario.PATH}"
        return self.start(scenario.Tallyd, self.certs, endpoint, start_buffer_ms=BUFFER.start_ms,
                          resume_buffer_ms=BUFFER.resume_ms, end_after_ms=BUFFER.end_after_ms,
                          **settings)
