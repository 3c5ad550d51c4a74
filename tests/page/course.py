# SPDX-License-Identifier: Apache-2.0
"""What a page draws over time beside what the records say."""
import collections
import pathlib

COURSE = (pathlib.Path(__file__).parent / "course.js").read_text(encoding="utf-8")
LAST, CHANGE, RATE = "last", "change", "rate"
# By plot and metric: how it is drawn, and what a value is multiplied with (a rate is per ms).
LINES = {
    ("bitrate", "p.br"): (LAST, 1), ("bitrate", "l.ln"): (LAST, 1), ("bitrate", "r.ry"): (RATE, 8),
    ("buffer", "l.lb"): (LAST, 0.001),
    ("loss", "r.rl"): (CHANGE, 1), ("loss", "r.rb"): (CHANGE, 1), ("loss", "r.rd"): (CHANGE, 1),
    ("loss", "r.ro"): (CHANGE, 1), ("loss", "t.tc"): (CHANGE, 1),
    ("jitter", "r.rj"): (LAST, 0.001), ("arrival", "t.ti"): (LAST, 0.001),
    ("arrival", "t.t4"): (LAST, 0.001),
    ("frames", "f.fr"): (RATE, 1000), ("frames", "f.fc"): (RATE, 1000),
    ("damage", "f.fk"): (CHANGE, 1), ("damage", "f.fm"): (CHANGE, 1),
    ("damage", "f.fb"): (CHANGE, 1), ("damage", "f.fx"): (CHANGE, 1),
    ("damage", "f.fn"): (CHANGE, 1),
    ("queue", "a.aq"): (LAST, 0.001), ("queue", "a.aj"): (LAST, 0.001),
    ("failures", "a.an"): (CHANGE, 1), ("failures", "a.at"): (CHANGE, 1),
    ("failures", "a.af"): (CHANGE, 1), ("failures", "a.ar"): (CHANGE, 1),
    ("failures", "a.u0"): (CHANGE, 1),
    ("drops", "a.ad"): (CHANGE, 1), ("drops", "a.ud"): (CHANGE, 1), ("drops", "a.ao"): (CHANGE, 1),
    ("drops", "a.aa"): (CHANGE, 1), ("drops", "a.u1"): (CHANGE, 1),
    ("memory", "a.ap"): (LAST, 1 / 1024), ("memory", "a.ah"): (LAST, 1 / 1024),
    ("memory", "a.as"): (LAST, 1 / 1024), ("memory", "n.hh"): (LAST, 1 / 1024),
}
HEALTH = ("queue", "failures", "drops", "memory")
# By the names that the timeline has: the durations of group p.
DURATIONS = {"idle": "it", "joining": "jt", "zapping": "zt", "playing": "pt", "stalled": "sd",
             "paused": "pd", "paused_stalled": "ps", "seeking": "sl", "suspended": "zd", "over": "tt"}
HEARD_MS = 50  # an event's time is the hook's, a heartbeat's the agent's


def read(browser):
    return browser.run(COURSE)


def wanted(records, metric, how, scale):
    """[(uptime, value)] of a metric, by records of one series in the order of their time."""
    group, key = metric.split(".")
    told = [(record["u"], record[group].get(key)) for record in records]
    if how == LAST:
        return [(at, (value[0] if isinstance(value, list) else value) * scale)
                for at, value in told if value is not None]
    told = [(at, value or 0) for at, value in told]
    if how == CHANGE:
        told.insert(0, (None, 0))  # all that is counted begins at 0
    return [(at, (now - before) * (scale / (at - before_at) if how == RATE else scale))
            for (before_at, before), (at, now) in zip(told, told[1:])]


def series_of(records, metric):
    """{number of a stream, or None: records with the metric's group}."""
    found = collections.defaultdict(list)
    for record in records:
        if metric.split(".")[0] in record:
            found[record.get("sn")].append(record)
    return found


def line_faults(name, lines, found):
    """Of the lines of one metric: there is one for each series, and its label tells it apart."""
    numbers, labels = ([line[what] for line in lines] for what in ("stream", "label"))
    if sorted(numbers, key=str) != sorted(found, key=str):
        return [f"{name}: lines of streams {numbers}, not {list(found)}"]
    return [f"{name}: {label} is stream {number}" for number, label in zip(numbers, labels)
            if label.endswith(f", stream {number}") != (len(numbers) > 1)]


def plot_faults(plots, session_records, own_records):
    """What is drawn otherwise than the records say."""
    faults = []
    for plot in plots:
        records = own_records if plot["id"] in HEALTH else session_records
        if not plot["inked"]:
            faults.append(f"{plot['id']}: nothing is painted")
        for metric in {line["metric"] for line in plot["lines"]}:
            faults += line_faults((plot["id"], metric), [
                line for line in plot["lines"] if line["metric"] == metric],
                series_of(records, metric))
        for line in plot["lines"]:
            name = (plot["id"], line["metric"])
            drawn = [(x, y) for x, y in zip(line["x"], line["y"]) if y is not None]
            of_stream = series_of(records, line["metric"])[line["stream"]]
            should = wanted(of_stream, line["metric"], *LINES[name])
            offsets = {round(1000 * x) - at for (x, _), (at, _) in zip(drawn, should)}
            if len(drawn) != len(should) or len(offsets) > 1:
                faults.append(f"{name}: {len(drawn)} values at other times than {len(should)} records")
            faults += [f"{name} at {at} ms: {y}, not {value}"
                       for (_, y), (at, value) in zip(drawn, should) if abs(y - value) > 0.00051]
    return faults


def span_faults(spans, last, stalls):
    """What of the timeline contradicts a session's newest record, or its stalls [(begin, end)]."""
    took = collections.Counter()
    for span in spans:
        took[span["state"]] += span["took"]
    faults = [f"{state}: {took[state]} ms, not {last['p'].get(key, 0)}"
              for state, key in DURATIONS.items()
              if abs(took[state] - last["p"].get(key, 0)) > HEARD_MS * (1 + len(stalls))]
    begun = min(span["begin"] for span in spans)
    if abs(last["u"] - last["p"]["xe"] - begun) > HEARD_MS:
        faults.append(f"begins at {begun}")
    shown = [(span["begin"], span["end"]) for span in spans if span["state"] == "stalled"]
    if len(shown) != len(stalls) or any(
            abs(one - other) > HEARD_MS for pair, stall in zip(shown, stalls)
            for one, other in zip(pair, stall)):
        faults.append(f"stalled {shown}, not {stalls}")
    return faults
