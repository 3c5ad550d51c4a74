# SPDX-License-Identifier: Apache-2.0
"""A run as one HTML file, for people who would rather look than read a table.

Everything is inside the file: CSS, and plots as SVG over the device's uptime. It shows what the
collector stored and what the sender planned; it counts nothing itself.
"""
import collections
import html
import itertools
import json
import math
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import agreement  # noqa: E402

STYLE = pathlib.Path(__file__).with_name("report.css")

# Of every session the registry's durations, one for each state. Times in them add up to its age.
STATES = {"it": "idle", "jt": "joining", "pt": "playing", "pd": "paused", "sd": "stalled",
          "ps": "paused in a stall", "sl": "seeking", "tt": "ended"}
STATE_KEYS = dict(enumerate(STATES))     # from 10 on a session has ended
STOPS = ("completed", "user", "error", "source stopped", "shutdown")
STALL_BEGIN, STALL_END = 2, 3
PACKETS = (("lost", "rl", "packets lost"), ("duplicated", "rd", "packets duplicated"),
           ("late, out of order", "ro", "packets out of order"))
TIMES = (("playing", 0, "pt", "play time ms"), ("stalled", 4, "sd", "stalled ms"))
MEMORY = (("a", "TLS heap", "ah"), ("a", "spool", "ap"), ("a", "agent's stack", "as"),
          ("n", "network stack's heap", "hh"))
POOLS = (("packet buffers", "bh", "bf"), ("frames of the driver", "fh", "fd"),
         ("TCP segments", "gh", "gf"), ("TCP connections", "ch", "cf"),
         ("UDP sockets", "uh", "uf"), ("timers", "yh", "yf"))
FACTS = (("b", "dm", "model"), ("b", "fw", "firmware"), ("b", "so", "chip"), ("b", "os", "system"),
         ("b", "gv", "agent"), ("d", "ci", "content"), ("d", "ct", "title"), ("d", "pn", "player"))

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 560, 66, 14, 30, 44   # units of a plot; CSS scales it
HEIGHT, LANE = 240, 34
SAME_S = 0.02         # a record's clock against another's in the same moment
MOST_POINTS = 200     # of a line that tell their value: more would be on top of each other
CHARACTER, CHARACTER_PHONE = 6, 11    # widths; a phone's letters are bigger, see report.css


class Markup(str):
    """Text that is HTML already. All other text is escaped where it enters the page."""


def element(tag, *inside, tip=None, **attributes):
    """`tip` is what a pointer over it is told."""
    shown = "".join(f' {name.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"'
                    for name, value in attributes.items())
    inside += (element("title", tip),) if tip else ()
    content = "".join(part if isinstance(part, Markup) else html.escape(str(part))
                      for part in inside)
    return Markup(f"<{tag}{shown}>{content}</{tag}>")


def amount(value):
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    return agreement.shown(value)


# `at` and `stored_at`: when it was made and when it was stored, in seconds of the time axis.
Record = collections.namedtuple("Record", "boot seq kind session stream at stored_at resends fields")
# `runs` of (seconds, value), each counted since one beginning; one that is stepped stays until the
# next value.
Line = collections.namedtuple("Line", "name colour runs plan stepped", defaults=(None, False))


class Run:
    """What the collector stored, on one time axis.

    Marks and plan are on the collector's clock. An upload arrives after it was sent, never before:
    the least `received - m` of a boot is when it began, late by the way of its fastest upload only.
    The device's own wall time, which it may not know, is not asked.
    """

    def __init__(self, collector, marks):
        self.uploads = collector.rows("SELECT * FROM uploads ORDER BY id")
        # An upload need not have `m`; a record is older than its upload, so its uptime will do.
        self.began = {row["boot"]: row["began"] for row in collector.rows(
            "SELECT records.boot, MIN(received_ms - COALESCE(m, uptime_ms)) AS began FROM records"
            " JOIN uploads ON uploads.id = upload_id GROUP BY records.boot")}
        self._zero = min(self.began.values(), default=0)
        rows = collector.rows("SELECT records.*, received_ms FROM records"
                              " JOIN uploads ON uploads.id = upload_id ORDER BY seq")
        self.records = sorted(map(self._record, rows), key=lambda record: (
            self.began[record.boot], record.boot, record.seq))
        # Without an upload nothing says where the marks are on a device's time axis.
        self.marks = [(label, self.seconds(begin), self.seconds(end))
                      for label, begin, end in marks if self.began]
        self.end = max([1.0, *(record.stored_at for record in self.records)])

    def seconds(self, unix_ms):
        return (unix_ms - self._zero) / 1000

    def _record(self, row):
        return Record(row["boot"], row["seq"], row["kind"], row["session"], row["stream"],
                      self.seconds(self.began[row["boot"]] + row["uptime_ms"]),
                      self.seconds(row["received_ms"]), row["resends"], json.loads(row["json"]))

    def having(self, group):
        """The records with this group, those of each stream of each session of each boot apart."""
        runs = {}
        for record in self.records:
            if group in record.fields:
                runs.setdefault((record.boot, record.session, record.stream), []).append(record)
        return runs

    def line(self, name, colour, group, key, *, scale=1, absent=None, plan=None):
        """A metric over time. Absent is 0 of a counter, and of a gauge that it has no value yet."""
        runs = [[(record.at, record.fields[group].get(key, absent)) for record in records]
                for records in self.having(group).values()]
        # Of a level the first is what it is now.
        runs = [[(at, value[0] if isinstance(value, list) else value) for at, value in run]
                for run in runs]
        runs = [[(at, value / scale) for at, value in run if value is not None] for run in runs]
        return Line(name, colour, [run for run in runs if run],
                    None if plan is None else plan / scale)


class Frame(collections.namedtuple("Frame", "end low high height", defaults=(HEIGHT,))):
    """From seconds and values to the units of a plot."""

    def x(self, seconds):
        inside = min(max(seconds, 0), self.end)
        return round(LEFT + inside / self.end * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value):
        share = (value - self.low) / (self.high - self.low)
        return round(self.height - BOTTOM - share * (self.height - TOP - BOTTOM), 1)

    def path(self, points):
        return "M" + "L".join(f"{self.x(at)} {self.y(value)}" for at, value in points)


def ticks(low, high, most=6):
    """Round numbers that cover low to high."""
    step = 10.0 ** math.floor(math.log10((high - low) / most))
    step *= next(by for by in (1, 2, 5, 10) if (high - low) / (by * step) <= most)
    return [step * n for n in range(math.floor(low / step), math.ceil(high / step) + 1)]


def backdrop(run, frame, values, unit):
    """The marks' shades and the axes."""
    right, bottom = WIDTH - RIGHT, frame.height - BOTTOM
    for place, (label, begin, end) in enumerate(run.marks):
        x = frame.x(begin)
        yield element("rect", class_=f"mark{place % 2}", x=x, y=TOP, width=max(1, frame.x(end) - x),
                      height=bottom - TOP, tip=f"{label}: {begin:.1f} s to {end:.1f} s")
    for value in values:
        y = frame.y(value)
        yield element("line", class_="grid", x1=LEFT, x2=right, y1=y, y2=y)
        yield element("text", amount(value), class_="left", x=LEFT - 7, y=y + 4)
    for seconds in (tick for tick in ticks(0, run.end) if tick <= run.end):
        x = frame.x(seconds)
        yield element("line", class_="tick", x1=x, x2=x, y1=bottom, y2=bottom + 4)
        yield element("text", amount(seconds), class_="middle", x=x, y=bottom + 18)
    name = "device uptime, s" if len(run.began) < 2 else "seconds since the first boot"
    yield element("text", name, class_="left muted", x=right, y=frame.height - 5)
    yield element("text", unit, class_="muted", x=4, y=16)


def curve(frame, line, unit):
    for points in line.runs:
        drawn = steps(points) if line.stepped else points
        yield element("path", class_=f"line c{line.colour}", d=frame.path(drawn))
        for at, value in points[::math.ceil(len(points) / MOST_POINTS)]:
            yield element("circle", class_=f"point c{line.colour}", cx=frame.x(at),
                          cy=frame.y(value), r=2.5,
                          tip=f"{line.name}: {amount(value)} {unit} at {at:.1f} s")
    if line.plan is not None:
        yield element("circle", class_=f"plan c{line.colour}", cx=frame.x(line.runs[-1][-1][0]),
                      cy=frame.y(line.plan), r=5.5,
                      tip=f"{line.name}: {amount(line.plan)} {unit} planned")


def steps(points):
    flat = ((now[0], before[1]) for before, now in itertools.pairwise(points))
    return [points[0], *itertools.chain(*zip(flat, points[1:]))]


def section(run, title, note, entries, drawing, height=HEIGHT):
    """`entries` of the legend are (class of the swatch, text)."""
    marks = [(f"swatch mark{place % 2}", label) for place, (label, *_) in enumerate(run.marks)]
    legend = (element("li", element("i", class_=swatch), text)
              for swatch, text in dict.fromkeys([*entries, *marks]))
    return element("section", element("h2", title), element("p", note),
                   element("ul", *legend, class_="legend"),
                   element("svg", *drawing, viewBox=f"0 0 {WIDTH} {height}", role="img",
                           aria_label=title))


def plot(run, title, note, unit, lines, fill=None, filled=()):
    """`fill` draws what belongs under the lines, given the frame; `filled` is its legend."""
    lines = [line for line in lines if line.runs]
    if not lines:
        return element("section", element("h2", title), element("p", "No record tells of it."))
    values = [value for line in lines for points in line.runs for _, value in points]
    values += [line.plan for line in lines if line.plan is not None]
    scale = ticks(min(0, *values), max(1, *values))
    frame = Frame(run.end, scale[0], scale[-1])
    entries = [(f"swatch c{line.colour}", f"{line.name} {amount(line.runs[-1][-1][1])}" + (
        "" if line.plan is None else f" of {amount(line.plan)} planned")) for line in lines]
    drawing = [*backdrop(run, frame, scale, unit), *(fill(frame) if fill else ()),
               *itertools.chain(*(curve(frame, line, unit) for line in lines))]
    return section(run, title, note, [*entries, *filled], drawing)


def stalls_of(run, key, end):
    """(begin, end) of the stalls that events tell of; one without an end lasts to `end`."""
    stalls = []
    for record in run.having("e").get(key, ()):
        kind = record.fields["e"].get("et")
        if kind == STALL_BEGIN:
            stalls.append((record.at, end))
        elif kind == STALL_END and stalls:
            stalls[-1] = (stalls[-1][0], record.at)
    return stalls


def between(before, after, begin, end, stalls):
    """The states between two heartbeats: how long from their durations, which first from the
    state at either, and when a stall began and ended from its events, if these were stored."""
    spent = {key: (after.get(key, 0) - before.get(key, 0)) / 1000 for key in STATES}
    inside = [(max(begin, a), min(end, b)) for a, b in stalls if a < end and b > begin]
    if abs(sum(b - a for a, b in inside) - spent["sd"]) > SAME_S:
        inside = []
    spent["sd"] *= not inside
    first, last = STATE_KEYS.get(before.get("se")), STATE_KEYS.get(after.get("se"))
    order = sorted(STATES, key=lambda key: (key != first, key == last))
    edges = itertools.pairwise([begin, *itertools.chain(*inside), end])
    for place, (at, until) in enumerate(edges):
        if place % 2:
            yield "sd", at, until
            continue
        for key in order:
            took = min(spent[key], until - at)
            spent[key] -= took
            yield key, at, at + took
            at += took


def merged(spans):
    """One span where a state goes on over heartbeats."""
    whole = []
    for state, begin, end in sorted(spans, key=lambda span: span[1]):
        if whole and whole[-1][0] == state and begin - whole[-1][2] < SAME_S:
            whole[-1] = (state, whole[-1][1], end)
        elif end > begin:
            whole.append((state, begin, end))
    return whole


def states_of(run, key, records):
    opened = records[0].at - records[0].fields["p"].get("xe", 0) / 1000
    samples = [(opened, {}), *((record.at, record.fields["p"]) for record in records)]
    stalls = stalls_of(run, key, records[-1].at)
    return merged(span for (begin, before), (end, after) in itertools.pairwise(samples)
                  for span in between(before, after, begin, end, stalls))


def sending(run, plan):
    """The spans in which the sender sent and was silent, as it measured them."""
    if "send_started_unix_ms" not in plan or not run.began:
        return []
    start = run.seconds(plan["send_started_unix_ms"])
    pauses = [(pause["began_s"], pause["began_s"] + pause["measured_s"])
              for pause in plan["pauses"]]
    edges = itertools.pairwise([0, *itertools.chain(*pauses), plan["send_lasted_ms"] / 1000])
    return [("silent" if place % 2 else "sending", start + begin, start + end)
            for place, (begin, end) in enumerate(edges)]


def lane(frame, top, name, spans, last):
    yield element("text", name, class_="left", x=LEFT - 7, y=top + LANE / 2 + 4)
    for state, begin, end in spans:
        label, x, width = STATES.get(state, state), frame.x(begin), frame.x(end) - frame.x(begin)
        yield element("rect", class_=f"state {state}", x=x, y=top, width=max(1, width),
                      height=LANE - 6, tip=f"{label}: {begin:.2f} s to {end:.2f} s")
        if width > len(label) * CHARACTER:
            room = "" if width > len(label) * CHARACTER_PHONE else " tight"
            yield element("text", label, class_=f"middle on {state}{room}", x=x + width / 2,
                          y=top + LANE / 2 + 1)
    if last is not None and last.kind == "x":
        stop = last.fields["p"].get("sr")
        why = STOPS[stop] if stop in range(len(STOPS)) else f"reason {stop}"
        yield element("path", class_="ending", d=f"M{frame.x(last.at)} {top - 3}v{LANE}",
                      tip=f"ended at {last.at:.2f} s: {why}")


def timeline(run, plan):
    sessions = run.having("p")
    sent = sending(run, plan)
    lanes = ([("sent", sent, None)] if sent else []) + [
        ("shown" if len(sessions) == 1 else f"#{key[1]}", states_of(run, key, records),
         records[-1]) for key, records in sessions.items()]
    frame = Frame(run.end, 0, 1, TOP + LANE * max(1, len(lanes)) + 6 + BOTTOM)
    drawing = itertools.chain(backdrop(run, frame, (), ""), *(
        lane(frame, TOP + 6 + place * LANE, *what) for place, what in enumerate(lanes)))
    seen = {state for _, spans, _ in lanes for state, *_ in spans}
    entries = [*((f"swatch {key}", name) for key, name in STATES.items() if key in seen),
               ("swatch ending", "end of the session")]
    return section(run, "What was sent and what was on screen",
                   "States of the session, from its heartbeats, its events and its end.",
                   entries, drawing, frame.height)


def deliveries(run):
    made, earlier = [(0.0, 0)], 0     # a boot numbers its records from 0 again
    for _, records in itertools.groupby(run.records, key=lambda record: record.boot):
        made += [(record.at, earlier + record.seq + 1) for record in records]
        earlier = made[-1][1]
    # Of one upload's records, which arrive at once, the last one has the count.
    arrivals = sorted(record.stored_at for record in run.records)
    stored = [(0.0, 0), *{at: place for place, at in enumerate(arrivals, 1)}.items()]
    wait = max((record.stored_at - record.at for record in run.records), default=0)
    note = ("A record is numbered when it is made, and waits on the device until a server took it: "
            f"at most {wait:.1f} s here. Missing in the end: {made[-1][1] - stored[-1][1]:,}.")

    def waiting(frame):
        upper, lower = (steps([*points, (run.end, points[-1][1])]) for points in (made, stored))
        yield element("path", class_="waiting", d=frame.path(upper + lower[::-1]) + "Z")

    lines = [Line("made", 0, [made], stepped=True), Line("stored", 2, [stored], stepped=True)]
    return plot(run, "Records made and records stored", note, "records",
                lines if run.records else [], waiting,
                [("swatch waiting", "waiting on the device")])


def delivery_and_memory(run):
    yield deliveries(run)
    yield plot(run, "Static memory of the device", "The most that was in use at once, since boot.",
               "KiB", [run.line(name, place, group, key, scale=1024)
                       for place, (group, name, key) in enumerate(MEMORY)])


def receiver_plots(run, rows, plan):
    planned = {row.name: row.plan for row in rows}
    yield timeline(run, plan)
    yield plot(run, "Packets", "Counted by the RTP receiver since it was attached. A ring is what "
               "the sender planned.", "packets",
               [run.line(name, place, "r", key, absent=0, plan=planned.get(row))
                for place, (name, key, row) in enumerate(PACKETS)])
    yield plot(run, "Jitter", "Interarrival jitter (RFC 3550), as it was at each report.", "µs",
               [run.line("jitter", 3, "r", "rj")])
    yield plot(run, "Time playing and time stalled", "Since the session was opened.", "s",
               [run.line(name, colour, "p", key, scale=1000, absent=0, plan=planned.get(row))
                for name, colour, key, row in TIMES])
    yield from delivery_and_memory(run)
    ends = [records[-1].fields["n"] for records in run.having("n").values()]
    refused = [f"{name} {count:,}" for name, _, key in POOLS
               if (count := sum(end.get(key, 0) for end in ends))]
    if ends:
        yield plot(run, "Pools of the network stack", "The most that was in use at once, since "
                   f"boot. Refused because none was left: {', '.join(refused) or 'none'}.",
                   "in use", [run.line(name, place, "n", key)
                              for place, (name, key, _) in enumerate(POOLS)])


def verdict(rows):
    wrong = [row.name for row in rows if not row.agrees]
    said = (f"✗ {len(wrong)} of {len(rows)} rows disagree: {', '.join(wrong)}" if wrong else
            f"✓ The report agrees with the plan in all {len(rows)} rows" if rows else
            "There is nothing to compare")
    return element("p", said, class_=f"verdict {'good' if rows and not wrong else 'bad'}")


def comparison(rows):
    heads = (element("th", name) for name in ("", "plan", "report", "within", ""))
    body = (element("tr", element("th", row.name), element("td", amount(row.plan)),
                    element("td", amount(row.report)),
                    element("td", row.within.replace("+-", "±")),
                    element("td", "✓" if row.agrees else "✗"),
                    class_="good" if row.agrees else "bad") for row in rows)
    return element("table", element("thead", element("tr", *heads)), element("tbody", *body))


def facts(run, seed, device, plan):
    told = {"device": device, "seed": seed}
    for group, key, name in FACTS:
        for record in run.records:
            if key in record.fields.get(group, ()):
                told[name] = record.fields[group][key]
    if "rtp" in plan:
        told["mishaps"] = (f"{len(plan['dropped'])} packets dropped, {len(plan['duplicated'])} sent"
                           f" twice, {len(plan['reordered'])} sent late")
    taken = sum(upload["status"] == 204 for upload in run.uploads)
    told["uploads"] = f"{taken:,} stored, {len(run.uploads) - taken:,} refused"
    again = sum(record.resends for record in run.records)
    told["records"] = f"{len(run.records):,}, sent again: {again:,}"
    return element("dl", *(element(tag, text) for name, value in told.items()
                           for tag, text in (("dt", name), ("dd", value))))


def write(path, *, title, seed, device, rows, plan, collector, marks, plots=receiver_plots):
    """Writes the page of one run.

    `rows` are agreement.Row, `plan` is the sender's, `collector` has rows() like that of scenario,
    `device` says in a word what was under test, and `marks` are (label, begin, end) in unix ms.
    `plots` makes the drawings, of Run, rows and plan.
    """
    run = Run(collector, marks)
    head = element("head", Markup('<meta charset="utf-8"><meta name="viewport" '
                                  'content="width=device-width, initial-scale=1">'),
                   element("title", title), element("style", Markup(STYLE.read_text("utf-8"))))
    about = element("aside", element("h1", title), verdict(rows), comparison(rows),
                    facts(run, seed, device, plan))
    body = element("body", about, element("main", *plots(run, rows, plan)))
    pathlib.Path(path).write_text(f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n",
                                  encoding="utf-8")
