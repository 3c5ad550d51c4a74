# SPDX-License-Identifier: Apache-2.0
"""What a collector's database holds of a fleet, against what the devices made and what was planned.

Three books that know nothing of each other: the records as each device put them into its spool, the
plan that its script was written from, and the database.
"""
import collections
import contextlib
import io
import json
import sqlite3

import cbor2

# Of the agent's record about itself: all that says that something is missing from the others.
DROPS = ("records_dropped", "urgent_dropped", "records_expired", "records_lost", "records_refused",
         "events_dropped", "events_illegal", "events_stray", "texts_dropped", "sessions_refused",
         "snapshots_stale", "store_failed")
# A server's Date is cut to seconds, and a busy machine delays it; wrong clocks are an hour away.
DATE_OFF_MS = 60_000
COUNTED = ("play_attempts", "first_plays", "stalls", "stalled_time", "stall_longest", "pauses",
           "resumes", "paused_time", "paused_stalled_time", "seeks", "seeking_time", "play_time",
           "joining_time", "zapping_time", "idle_time", "terminal_time", "suspensions",
           "suspended_time", "buffering_time", "elapsed_time", "start_failures",
           "playback_failures", "exits_before_start", "refusals", "errors", "error_code",
           "startup_time", "zap_time", "rendition_changes", "rendition_ups",
           "rendition_downs", "bitrate_time", "bitrate_media")
STREAMS = {"rtp_expected": "r", "rtp_lost": "r", "frames_decoded": "f", "frames_dropped": "f"}
FOLDED = {"folded_plays": "first_plays", "folded_stalls": "stalls", "folded_play_time": "play_time",
          "folded_time": "elapsed_time", "folded_exits": "exits_before_start"}
SUMS = ("sessions", "first_plays", "stalls", "stalled_time", "start_failures",
        "exits_before_start", "playback_failures", "refusals", "play_time", "startup_time")


def made_records(ledger):
    """(bytes, fields) of each record that a device put into its spool."""
    data = ledger.read_bytes()
    source = io.BytesIO(data)
    while source.tell() < len(data):
        begin = source.tell()
        fields = cbor2.load(source)
        yield data[begin:source.tell()], fields


class Names:
    """Figures of a record by the names of the registry."""

    def __init__(self, registry):
        self._metrics = {about["name"]: (about["group"], key, about)
                         for key, about in registry["metrics"].items()}

    def figure(self, fields, name):
        group, key, _ = self._metrics[name]
        return fields.get(group, {}).get(key)

    def value(self, fields, name):
        """As text, if it is of a list of values."""
        _, _, about = self._metrics[name]
        number = self.figure(fields, name)
        return about.get("values", {}).get(str(number), number)


class Verdict:
    """What was counted, and every disagreement in words."""

    def __init__(self):
        self.counts = collections.Counter()
        self.planned = collections.Counter()
        self.stored = collections.Counter()
        self.faults = []

    def expect(self, where, what, planned, found):
        if planned != found:
            self.faults.append(f"{where}: {what}: planned {planned}, stored {found}")

    def lines(self):
        for name in ("devices", "uploads", "made", "stored", "resent", "lost", "stored twice",
                     "unknown", "dropped", "pending", "refused uploads", "not dated",
                     "dated wrong"):
            yield f"{name:<22}{self.counts[name]:>12}"
        yield f"{'':<22}{'planned':>12}{'stored':>12}"
        for name in SUMS:
            yield f"{name:<22}{self.planned[name]:>12}{self.stored[name]:>12}"


class Judge:
    """Of one database; `plans` and `reports` of devices by their ids, `ledgers` by path."""

    def __init__(self, database, registry):
        self._database = database
        self._names = Names(registry)
        self.verdict = Verdict()

    def _rows(self, query, *values):
        with contextlib.closing(sqlite3.connect(self._database)) as database:
            return database.execute(query, values).fetchall()

    def device(self, plan, report, ledger):
        counts = self.verdict.counts
        counts["devices"] += 1
        if report is None:
            self.verdict.faults.append(f"{plan['device']}: ended without a report")
            return
        counts["pending"] += report["pending"]
        self._compare_records(plan["device"], report, list(made_records(ledger)))
        counts["dated wrong"] += self._rows(
            "SELECT COUNT(*) FROM records WHERE device = ? AND abs(wall_ms - uptime_ms - ?) > ?",
            plan["device"], report["began_unix_ms"], DATE_OFF_MS)[0][0]
        stored = [json.loads(text) for (text,) in self._rows(
            "SELECT json FROM records WHERE device = ? ORDER BY seq", plan["device"])]
        self._compare_sessions(plan, stored)
        self._compare_folded(plan, stored)
        self._compare_streams(plan, stored)

    def uploads(self):
        counts = self.verdict.counts
        for status, number in self._rows("SELECT status, COUNT(*) FROM uploads GROUP BY status"):
            counts["uploads" if status == 204 else "refused uploads"] += number
        counts["resent"] = self._rows("SELECT COALESCE(SUM(resends), 0) FROM records")[0][0]
        counts["not dated"] = self._rows(
            "SELECT COUNT(*) FROM records WHERE wall_quality = 'unknown'")[0][0]
        for name in ("lost", "stored twice", "unknown", "dropped", "pending", "not dated",
                     "dated wrong"):
            if counts[name]:
                self.verdict.faults.append(f"{counts[name]} {name}")

    # --- records -----------------------------------------------------------------------------------

    def _compare_records(self, device, report, made):
        counts = self.verdict.counts
        stored = self._rows("SELECT boot, seq, bytes FROM records WHERE device = ?", device)
        ours = collections.Counter(raw for raw, _ in made)
        theirs = collections.Counter(raw for _, _, raw in stored)
        counts["made"] += len(made)
        counts["stored"] += len(stored)
        counts["lost"] += sum(1 for raw in ours if raw not in theirs)
        counts["stored twice"] += len(stored) - len(theirs)
        counts["unknown"] += sum(1 for raw in theirs if raw not in ours)
        self.verdict.expect(device, "boots", 1, len({boot for boot, _, _ in stored}))
        self.verdict.expect(device, "records by its own count", report["made"], len(made))
        self.verdict.expect(device, "numbers of records", list(range(len(made))),
                            [fields["q"] for _, fields in made])
        last = [fields for _, fields in made if fields["k"] == "a"][-1]
        for name in DROPS:
            number = self._names.figure(last, name) or 0
            counts["dropped"] += number
            self.verdict.expect(device, name, 0, number)

    # --- figures -----------------------------------------------------------------------------------

    def _compare_sessions(self, plan, stored):
        verdict = self.verdict
        told = {session["number"]: session for session in plan["sessions"] if session["told"]}
        starts = [fields["s"] for fields in stored if fields["k"] == "s"]
        ends = {fields["s"]: fields for fields in stored if fields["k"] == "x"}
        verdict.expect(plan["device"], "session starts", sorted(told), sorted(starts))
        verdict.expect(plan["device"], "session ends", sorted(told), sorted(ends))
        verdict.planned["sessions"] += len(told)
        verdict.stored["sessions"] += len(ends)
        for number, session in told.items():
            if number in ends:
                self._compare_session(f"{plan['device']} session {number}", session, ends[number])

    def _compare_session(self, where, session, end):
        verdict, names = self.verdict, self._names
        for name in COUNTED:
            planned = session["figures"].get(name) or 0
            stored = names.figure(end, name) or 0
            verdict.expect(where, name, planned, stored)
            if name in SUMS:
                verdict.planned[name] += planned
                verdict.stored[name] += stored
        verdict.expect(where, "uptime at its end", session["closed_at_ms"], end["u"])
        words = {**session["dimensions"], "session_kind": session["kind"],
                 "stop_reason": session["stop_reason"],
                 "error_class": session["figures"].get("error_class")}
        for name, planned in words.items():
            verdict.expect(where, name, planned, names.value(end, name))

    def _compare_folded(self, plan, stored):
        """Short zaps have no records of their own, only a part in the sums."""
        folded = [session for session in plan["sessions"] if not session["told"]]
        last = [fields for fields in stored if fields["k"] == "v"][-1:]
        if not last:
            self.verdict.faults.append(f"{plan['device']}: nothing about all sessions")
            return
        self.verdict.expect(plan["device"], "folded_sessions", len(folded),
                            self._names.figure(last[0], "folded_sessions") or 0)
        for name, of_session in FOLDED.items():
            self.verdict.expect(plan["device"], name,
                                sum(session["figures"].get(of_session, 0) for session in folded),
                                self._names.figure(last[0], name) or 0)

    def _compare_streams(self, plan, stored):
        """The last words on all streams of a session together: a seek attaches new ones."""
        last = {(fields["s"], fields["k"], fields["sn"]): fields
                for fields in stored if fields["k"] in "rf"}
        for session in plan["sessions"]:
            for name, planned in session["streams"].items() if session["told"] else ():
                of_session = [fields for (number, kind, _), fields in last.items()
                              if (number, kind) == (session["number"], STREAMS[name])]
                self.verdict.expect(f"{plan['device']} session {session['number']}", name, planned,
                                    sum(self._names.figure(fields, name) or 0
                                        for fields in of_session))
