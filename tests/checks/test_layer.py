# SPDX-License-Identifier: Apache-2.0
"""The house is one straight line: who may include whom, read off the include lines.

    boards -> port -> agent          never back
    hook -> session -> metrics -> report -> spool -> uplink      a stage knows its neighbours only
"""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)

FREESTANDING = {"float.h", "iso646.h", "limits.h", "stdalign.h", "stdarg.h", "stdbool.h",
                "stddef.h", "stdint.h", "stdnoreturn.h", "string.h"}
# What a board brings along for the agent.
OF_THE_BOARD = {"tally_config.h", "tally_metrics_user.def"}
# What every file of agent/src may use.
BASE = {"atomic.h", "cbor.h", "cbor_read.h", "crc32.h", "entry.h", "log.h", "text.h"}
# A stage's own header, its neighbours before and after, and helpers that serve it alone.
STAGES = {
    "hook": {"hook.h"},
    "session": {"session.h", "story.h", "figures.h", "dimensions.h", "playhead.h", "viewing.h",
                "hook.h", "metrics.h"},
    "story": {"story.h", "session.h"},
    "figures": {"figures.h", "level.h", "metrics.h"},
    "dimensions": {"dimensions.h", "metrics.h"},
    "viewing": {"viewing.h", "figures.h", "histogram.h", "metrics.h"},
    "metrics": {"metrics.h", "level.h", "histogram.h"},
    "report": {"report.h", "metrics.h", "spool.h"},
    "spool": {"spool.h", "ring.h"},
    "ring": {"ring.h", "checkpoint.h", "spool.h"},
    "ring_mount": {"ring.h"},
    "checkpoint": {"checkpoint.h", "spool.h"},
    "settings": set(),
    "uplink": {"uplink.h", "uplink_body.h", "uplink_reply.h", "spool.h", "http.h", "backoff.h",
               "budget.h", "remote.h"},
    "uplink_body": {"uplink_body.h", "uplink.h"},
    "uplink_reply": {"uplink_reply.h", "uplink.h"},
    "rtp": set(),
    "ts": {"ts.h"},
    "ts_psi": {"ts.h"},
    "frames": set(),
    "machine": {"machine.h", "metrics.h"},
    "webrtc": {"webrtc.h", "metrics.h"},
    "histogram": {"histogram.h"},
    "level": {"level.h"},
    "intervals": {"intervals.h"},
    "playhead": {"playhead.h", "intervals.h"},
    "limit": {"limit.h"},
    "http": {"http.h", "http_date.h"},
    "http_date": {"http_date.h"},
    "backoff": {"backoff.h"},
    "remote": {"remote.h", "metrics.h"},
    "budget": {"budget.h"},
    "message": {"message.h", "metrics.h"},
}
# These see the whole line; nothing includes them but each other and tally/state.h.
WHOLE_LINE = {"agent", "boot", "clock", "consent", "live", "tell", "attached", "front", "policy",
              "watch", "player", "daemon", "told"}


def includes(path):
    return [(quote == "<", name) for quote, name in INCLUDE.findall(path.read_text())]


def sources(folder, *suffixes):
    return sorted(p for p in (ROOT / folder).rglob("*") if p.suffix in suffixes)


class Layer(unittest.TestCase):
    def test_the_agent_includes_nothing_outside_itself_but_freestanding_headers(self):
        for path in sources("agent", ".c", ".h", ".def"):
            for is_system, name in includes(path):
                inside = name.startswith("tally/") or name in OF_THE_BOARD \
                    or (not is_system and (path.parent / name).exists())
                with self.subTest(file=path.name, include=name):
                    self.assertTrue(inside or (is_system and name in FREESTANDING))

    def test_the_spool_and_the_uplink_never_see_metrics_or_sessions(self):
        for path in [ROOT / "agent/src" / f for f in ("spool.c", "spool.h", "uplink.h")]:
            names = {name for _, name in includes(path)}
            self.assertFalse(names & {"metrics.h", "session.h", "tally/metrics.h", "tally/hook.h"},
                             path.name)

    def test_a_stage_includes_only_its_neighbours(self):
        for path in sources("agent/src", ".c", ".h"):
            if path.stem in WHOLE_LINE:
                continue
            allowed = STAGES.get(path.stem, {path.stem + ".h"}) | BASE
            for is_system, name in includes(path):
                if is_system or name.startswith("tally/") or name in OF_THE_BOARD:
                    continue
                with self.subTest(file=path.name, include=name):
                    self.assertIn(name, allowed)

    def test_every_source_of_the_agent_is_known_to_this_test(self):
        stems = {p.stem for p in sources("agent/src", ".c")}
        base = {"cbor", "cbor_read", "crc32", "entry", "status", "text"}
        self.assertEqual(stems, set(STAGES) | WHOLE_LINE | base)

    def test_ports_never_include_boards_nor_the_inside_of_the_agent(self):
        boards = {p.name for p in sources("boards", ".h")} - {"tally_config.h"}
        inside = {p.name for p in sources("agent/src", ".h")}
        for path in sources("port", ".c", ".h"):
            local = {p.name for p in path.parent.rglob("*.h")}
            for is_system, name in includes(path):
                with self.subTest(file=path.name, include=name):
                    self.assertFalse(name.startswith("boards/"))
                    self.assertNotIn("agent/src", name)
                    if not is_system and name not in local:
                        self.assertNotIn(name, boards | inside)

    def test_boards_see_the_agent_by_its_front_door_only(self):
        inside = {p.name for p in sources("agent/src", ".h")}
        for path in sources("boards", ".c", ".h"):
            board = ROOT / "boards" / path.relative_to(ROOT / "boards").parts[0]
            local = {p.name for p in board.rglob("*.h")}
            for _, name in includes(path):
                with self.subTest(file=path.name, include=name):
                    self.assertNotIn("agent/src", name)
                    self.assertNotIn(name, inside - local)

    def test_public_headers_do_not_reach_into_the_agent_but_for_its_size(self):
        for path in sources("agent/include", ".h"):
            reaching = [name for _, name in includes(path) if "src/" in name]
            self.assertEqual(reaching, ["../../src/agent.h"] if path.name == "state.h" else [],
                             path.name)


if __name__ == "__main__":
    unittest.main()
