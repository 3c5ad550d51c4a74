# SPDX-License-Identifier: Apache-2.0
"""What a player told tally, as hook_log.c wrote it down."""
import collections
import json


class Heard:
    def __init__(self, path):
        self.lines = [json.loads(line) for line in path.read_text().splitlines()]

    def refused(self):
        return [line for line in self.lines if line.get("refused")]

    def told(self, metric):
        """(ms, value) of each time, in order; values of texts and numbers."""
        return [(line["now"], line.get("text", line.get("value"))) for line in self.lines
                if line["call"] in ("set", "text") and line["metric"] == metric]

    def last(self, metric):
        values = self.told(metric)
        return values[-1][1] if values else None

    def sums(self):
        sums = collections.Counter()
        for line in self.lines:
            if line["call"] == "add":
                sums[line["metric"]] += line["value"]
        return sums

    def hooks(self, name):
        """(ms of the fact, code) of each."""
        return [(line["at"], line["code"]) for line in self.lines
                if line["call"] == "tell" and line["hook"] == name]
