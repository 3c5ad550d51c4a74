# SPDX-License-Identifier: Apache-2.0
"""The views of a database against plans that were there before any record was.

A plan is what tests/fleet writes: devices with their sessions, times in ms since the device booted.
watched.py adds: several boots a device, when each of them began, sessions that were cut (`told_to_ms`
is how far they were told), what came of them untold (`counted`), weights. Where a plan does not know
when a device booted, that is taken from the database, with how far its clock was corrected since.
"""
import collections
import math

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
FRACTIONS = (0.5, 0.9, 0.95, 0.99)
OF_DEVICE = {"device": "device", "device_model": "model", "device_type": "type", "os": "os",
             "firmware": "firmware"}
OF_SESSION = {"player": "player_name", "player_version": "player_version",
              "event_label": "event_label", "cdn": "cdn_host", "content": "content_id",
              "playback_type": "playback_type", "delivery": "delivery"}
HISTOGRAMS = {"startup_histogram_ms": "startup_time", "zap_histogram_ms": "zap_time"}
TOTALS = {"requests": "play_attempts", "plays": "first_plays", "errors": "errors"}
FOLDED = {"folded_plays": "first_plays", "folded_stalls": "stalls",
          "folded_play_time_ms": "play_time", "folded_stalled_time_ms": "stalled_time",
          "folded_exits_before_start": "exits_before_start"}
# view -> its column -> figure of a session that it is the sum of
SUMS = {
    "plays": {"plays": "first_plays", "exits_before_start": "exits_before_start",
              "start_failures": "start_failures", "playback_failures": "playback_failures",
              "refusals": "refusals", "errors": "errors"},
    "rebuffering": {"stalls": "stalls", "stalled_time_ms": "stalled_time",
                    "play_time_ms": "play_time", "buffering_time_ms": "buffering_time"},
    "bitrates": {"media_bits": "bitrate_media", "media_time_ms": "bitrate_time",
                 "rendition_changes": "rendition_changes", "ups": "rendition_ups",
                 "downs": "rendition_downs"},
    "watching": {"paused_time_ms": "paused_time"},
}
# view -> its ratio -> (figures above, figures below) the line
RATIOS = {
    "plays": {"exit_ratio": (("exits_before_start",), ("attempted",)),
              "failure_ratio": (("start_failures", "playback_failures"), ("attempted",))},
    "rebuffering": {"rebuffering_ratio": (("stalled_time",), ("stalled_time", "play_time")),
                    "per_play": (("stalled_time",), ("play_time",))},
    "bitrates": {"bitrate_kbps": (("bitrate_media",), ("bitrate_time",))},
    "watching": {"mean_ms": (("play_time",), ("first_plays",))},
}


class Seen:
    """A session of a plan, with all it can be grouped by, and its hour."""

    def __init__(self, plan, session, booted_ms):
        self.session = session
        self.device = plan["device"]
        self.operator = plan["operator"]
        self.figures = collections.Counter(
            {name: value for name, value in session["figures"].items()
             if isinstance(value, int)})
        asked, told_to = session["asked_at_ms"], session.get("told_to_ms", session["closed_at_ms"])
        self.figures["attempted"] = int(asked is not None)
        self.figures["sessions"] = 1
        self.counted = session.get("counted", self.figures)
        self.weight = session.get("weight", 1)
        self.boot = plan.get("boot")
        self.began_ms = self.ended_ms = None
        if booted_ms is not None:
            self.began_ms = booted_ms + (told_to if asked is None else asked)
            self.ended_ms = booted_ms + told_to
        dimensions = session["dimensions"]
        self.facets = {("all", "all"), ("session_kind", session["kind"])}
        self.facets |= {(name, plan.get(key)) for name, key in OF_DEVICE.items()}
        self.facets |= {(name, dimensions.get(key)) for name, key in OF_SESSION.items()}
        self.facets |= {("tag", tag.strip()) for tag in (dimensions.get("tags") or "").split(",")
                        if tag.strip()}

    def key(self):
        return (self.device, self.boot, self.session["number"])

    def keys(self):
        hour = None if self.began_ms is None else self.began_ms // HOUR_MS * HOUR_MS
        return [(self.operator, hour, *facet) for facet in self.facets]


def by_rank(values, fraction):
    """The smallest value that so large a part of all does not exceed."""
    return sorted(values)[max(math.ceil(fraction * len(values)), 1) - 1]


def quotient(figures, above, below):
    under = sum(figures[name] for name in below)
    return sum(figures[name] for name in above) / under if under else None


def peaks(spans, since, until):
    """{minute: most at once}, by looking at every moment at which one of the spans begins."""
    found = {}
    for minute in range(since, until, MINUTE_MS):
        moments = [minute] + [span[0] for span in spans if minute <= span[0] < minute + MINUTE_MS]
        found[minute] = max(sum(weight for began, ended, weight in spans if began <= moment < ended)
                            for moment in moments)
    return found


class PlanCheck:
    """`query(statement)` gives rows as dictionaries; faults are collected in words."""

    def __init__(self, query, plans):
        self._query = query
        self.faults = []
        self.compared = 0
        names = [(row["name"], row["unit"].lower())
                 for row in query("SELECT name, unit FROM tally.metrics")]
        self._columns = {name.removesuffix(f"_{unit}"): name for name, unit in names}
        self._columns.update({name: name for name, _ in names})
        booted = {row["device"]: row for row in query(
            "SELECT device, min(booted_ms) AS booted_ms,"
            " max(booted_ms) - min(booted_ms) AS doubt_ms FROM (SELECT device, round(extract(epoch FROM at) * 1000)::bigint - uptime_ms"
            " AS booted_ms FROM tally.records) r GROUP BY device")}
        self._plans = plans
        self._doubt_ms = {}
        self._all = []
        for plan in plans:
            row = booted.get(plan["device"], {"booted_ms": None, "doubt_ms": None})
            booted_ms = plan.get("booted_at_ms", row["booted_ms"])
            # A clock that is corrected by less than 2 s leaves the records before as they are.
            self._doubt_ms[plan["device"]] = 0 if "booted_at_ms" in plan else row["doubt_ms"]
            self._all += [Seen(plan, session, booted_ms) for session in plan["sessions"]]
        self._told = [seen for seen in self._all if seen.session["told"]]
        self._grouped = collections.defaultdict(list)
        for seen in self._told:
            for key in seen.keys():
                self._grouped[key].append(seen)

    def run(self):
        self.sessions()
        self.sums()
        self.counts()
        self.startups()
        self.streams()
        self.totals()
        self.percentiles()
        self.concurrency()
        self.supervision()
        return self.faults

    def _expect(self, where, planned, found):
        self.compared += 1
        if isinstance(planned, float) and found is not None:
            found = planned if math.isclose(planned, float(found), rel_tol=1e-9) else float(found)
        if planned != found:
            self.faults.append(f"{where}: planned {planned}, in the database {found}")

    def _figures(self, seens):
        """Of sessions that were told, for all that they stand for."""
        total = collections.Counter()
        for seen in seens:
            for name, value in seen.figures.items():
                total[name] += value * seen.weight
        return total

    def _by_key(self, view, columns="*"):
        rows = self._query(
            f"SELECT operator, round(extract(epoch FROM hour) * 1000)::bigint AS hour_ms, {columns}"
            f"{', dimension, value' if columns != '*' else ''} FROM tally.{view}")
        return {(row["operator"], row["hour_ms"], row["dimension"], row["value"]): row
                for row in rows}

    # --- one row a session ------------------------------------------------------------------------

    def sessions(self):
        has_boots = any("boot" in plan for plan in self._plans)
        rows = {(row["device"], row["boot"] if has_boots else None, row["session"]): row
                for row in self._query("SELECT * FROM tally.sessions")}
        planned = {seen.key() for seen in self._told}
        self._expect("sessions that are on one side only", set(), planned ^ set(rows))
        for seen in self._told:
            if seen.key() in rows:
                self._session(f"{seen.key()}", seen, rows[seen.key()])

    def _session(self, where, seen, row):
        self._expect(f"{where} standing", seen.session.get("standing", "ended"), row["standing"])
        self._expect(f"{where} stop_reason", seen.session["stop_reason"], row["stop_reason"])
        self._expect(f"{where} session_kind", seen.session["kind"], row["session_kind"])
        for name, value in seen.session["dimensions"].items():
            self._expect(f"{where} {name}", value, row[self._columns[name]])
        for name, value in seen.session["figures"].items():
            self._expect(f"{where} {name}", value or 0, row[self._columns[name]] or 0)

    # --- a row an hour, dimension and value -------------------------------------------------------

    def sums(self):
        for view, columns in SUMS.items():
            found = self._by_key(view)
            self._expect(f"{view}: rows", set(), set(self._grouped) ^ {
                key for key in found if key[2] in {facet for _, _, facet, _ in self._grouped}})
            for key, seens in self._grouped.items():
                row, figures = found.get(key), self._figures(seens)
                if row is None:
                    continue
                for column, figure in columns.items():
                    self._expect(f"{view} {key} {column}", figures[figure], row[column] or 0)
                for column, (above, below) in RATIOS[view].items():
                    is_told = any(seen.session["figures"] for seen in seens)
                    self._expect(f"{view} {key} {column}",
                                 quotient(figures, above, below) if is_told else None, row[column])

    def counts(self):
        found = {(row["dimension"], row["value"], row["stop_reason"]): row["sessions"]
                 for row in self._query("SELECT dimension, value, stop_reason, sum(sessions)"
                                        " AS sessions FROM tally.stop_reasons GROUP BY 1, 2, 3")}
        planned = collections.Counter()
        for seen in self._told:
            for facet in seen.facets:
                planned[(*facet, seen.session["stop_reason"])] += seen.weight
        for key, number in planned.items():
            self._expect(f"stop_reasons {key}", number, found.get(key))
        classes = {row["error_class"]: row["errors"] for row in self._query(
            "SELECT error_class, sum(errors) AS errors FROM tally.errors"
            " WHERE dimension = 'all' GROUP BY 1")}
        self._expect("errors told one by one", self._figures(self._told)["errors"],
                     sum(classes.values()))

    def startups(self):
        found = self._by_key("startups")
        for key, seens in self._grouped.items():
            row = found.get(key, {})
            for name, column in (("startup_time", "p50_p90_p95_p99_ms"),
                                 ("zap_time", "zap_p50_p90_p95_p99_ms")):
                values = [seen.figures[name] for seen in seens if name in seen.figures]
                planned = [by_rank(values, each) for each in FRACTIONS] if values else None
                self._expect(f"startups {key} {column}", planned, row.get(column))

    def streams(self):
        figures = collections.defaultdict(collections.Counter)
        for seen in self._told:
            for facet in seen.facets:
                for name, value in seen.session["streams"].items():
                    figures[facet][name] += value * seen.weight
        for view, kind, columns in (
                ("loss", "AND kind = 'r'", {"expected": "rtp_expected", "lost": "rtp_lost"}),
                ("frames", "", {"dropped": "frames_dropped"})):
            for column, figure in columns.items():
                found = {(row["dimension"], row["value"]): row["n"] for row in self._query(
                    f"SELECT dimension, value, sum({column}) AS n FROM tally.{view}"
                    f" WHERE true {kind} GROUP BY 1, 2")}
                for facet, planned in figures.items():
                    self._expect(f"{view} {facet} {column}", planned[figure], found.get(facet) or 0)

    # --- all sessions, told or not ----------------------------------------------------------------

    def totals(self):
        rows = {row["value"]: row for row in self._query(
            "SELECT value, sum(sessions) AS sessions, sum(folded_sessions) AS folded_sessions, "
            + ", ".join(f"sum({name}) AS {name}" for name in (*TOTALS, *FOLDED))
            + " FROM tally.totals WHERE dimension = 'device' GROUP BY value")}
        for device in {plan["device"] for plan in self._plans}:
            mine = [seen for seen in self._all if seen.device == device]
            folded = [seen for seen in mine if not seen.session["told"]]
            row = rows.get(device, collections.defaultdict(int))
            self._expect(f"totals {device} sessions", len(mine), row["sessions"])
            self._expect(f"totals {device} folded", len(folded), row["folded_sessions"])
            for columns, seens in ((TOTALS, mine), (FOLDED, folded)):
                for column, figure in columns.items():
                    self._expect(f"totals {device} {column}",
                                 sum(seen.counted.get(figure, 0) for seen in seens), row[column])

    def percentiles(self):
        """The exact percentile of all values lies within the bounds that merged histograms give."""
        for dimension, key in (("all", None), ("device_model", "model"), ("device", "device")):
            rows = {(row["value"], row["histogram"], row["fraction"]): row for row in self._query(
                f"SELECT * FROM tally.percentiles('-infinity', 'infinity', '{dimension}')")}
            models = {plan["device"]: plan[key] if key else "all" for plan in self._plans}
            for value in set(models.values()):
                for histogram, figure in HISTOGRAMS.items():
                    values = [seen.counted[figure] for seen in self._all
                              if models[seen.device] == value and figure in seen.counted
                              and seen.began_ms is not None]
                    for fraction in FRACTIONS if values else ():
                        self._percentile(f"percentiles {value} {histogram} {fraction}", values,
                                         fraction, rows.get((value, histogram, fraction)))

    def _percentile(self, where, values, fraction, row):
        exact = by_rank(values, fraction)
        self._expect(f"{where} number", len(values), row and row["n"])
        if row is not None:
            is_within = row["above"] < exact <= row["upto"] * (1 + 1e-12) or exact == row["upto"] == 0
            is_near = abs(exact - row["about"]) <= row["error"] * row["about"] * (1 + 1e-9)
            self._expect(f"{where}: {exact} in {row['above']}..{row['upto']} about {row['about']}",
                         (True, True), (is_within, is_near))

    def concurrency(self):
        spans = list(self._spans())
        since = min(span[0] for span in spans) // MINUTE_MS * MINUTE_MS
        until = max(span[1] for span in spans) // MINUTE_MS * MINUTE_MS + MINUTE_MS
        found = {row["minute_ms"]: row["peak"] for row in self._query(
            "SELECT round(extract(epoch FROM minute) * 1000)::bigint AS minute_ms, peak"
            f" FROM tally.concurrency(to_timestamp({since / 1000}), to_timestamp({until / 1000}))")}
        self._expect("concurrency", peaks(spans, since, until), found)

    def _spans(self):
        """(began, ended, weight) of sessions as they are dated, which is as planned."""
        has_boots = any("boot" in plan for plan in self._plans)
        dated = {(row["device"], row["boot"] if has_boots else None, row["session"]):
                 (row["began_ms"], row["ended_ms"]) for row in self._query(
                     "SELECT device, boot, session, round(extract(epoch FROM began) * 1000)::bigint"
                     " AS began_ms, round(extract(epoch FROM at) * 1000)::bigint AS ended_ms"
                     " FROM tally.sessions")}
        for seen in self._told:
            if seen.figures["attempted"] and seen.began_ms is not None and seen.key() in dated:
                began_ms, ended_ms = dated[seen.key()]
                within = range(self._doubt_ms[seen.device] + 1)
                self._expect(f"{seen.key()} dated {began_ms} to {ended_ms}", (True, True), (
                    began_ms - seen.began_ms in within, ended_ms - seen.ended_ms in within))
                yield began_ms, ended_ms, seen.weight

    def supervision(self):
        for row in self._query("SELECT * FROM tally.supervision"):
            for name in ("missing", "sessions_untold", "events_dropped", "records_lost"):
                self._expect(f"supervision {row['device']} {name}", 0, row[name])
        self._expect("refused", [], self._query("SELECT * FROM tally.refusals"))
