# SPDX-License-Identifier: Apache-2.0
"""The figures of a page beside those that the database's records yield."""
import dataclasses
import json
import pathlib
import re

from truth import NEVER, NONE, TOLD, UNKNOWN, UNMEASURED, ZERO, Told

FIGURES = (pathlib.Path(__file__).parent / "figures.js").read_text(encoding="utf-8")
PARTS = ("last", "least", "most", "mean", "time")
NUMBER = re.compile(r"[-\u2212]?\d[\d,\u202f\u00a0\u2009 ]*(?:\.\d+)?")
CLOCK = re.compile(r"(?:([\d,]+):)?(\d\d):(\d\d) (?:h|min)$")
# How a quantity may be written: unit shown, and what it is in units of the registry.
SCALES = {
    "ms": {"ms": 1, "s": 1000},
    "us": {"\u00b5s": 1, "ms": 1000, "s": 1_000_000},
    "bytes": {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40},
    "bits": {"bit": 1, "kbit": 1000, "Mbit": 10**6, "Gbit": 10**9},
    "kbps": {"kbit/s": 1, "Mbit/s": 1000, "Gbit/s": 10**6},
    "bps": {"bit/s": 1, "kbit/s": 1000, "Mbit/s": 10**6},
    "hz": {"Hz": 1, "kHz": 1000},
    "ppm": {"%": 10_000},
    "permille": {"%": 10},
    "millihertz": {"/s": 1000},
    "millicelsius": {"\u00b0C": 1000},
    "millidecibel": {"dB": 1000},
}


# What the overview calls the qualities of a clock.
CLOCKS = {"unknown": "no clock", "unauthenticated": "clock unsure", "authenticated": "clock sure"}
# What the numbers of an event are, by its type: code and detail (enums.h).
OF_EVENTS = {"stall_end": ("ms", ""), "seeked": ("ms", ""), "wake": ("ms", ""),
             "milestone": ("percent", ""), "ad_milestone": ("percent", ""),
             "rendition_auto": ("kbps", "kbps"), "rendition_user": ("kbps", "kbps")}


@dataclasses.dataclass(frozen=True)
class Difference:
    """A figure that is not what the database says."""
    device: str
    seq: object
    what: str
    page: object
    database: object


def read(browser):
    return browser.run(FIGURES)


class Comparison:
    """Against one reading of the database."""

    def __init__(self, database, registry):
        self._database = database
        self._registry = registry

    def differences(self, figures):
        return [found for figure in figures for found in self._of(figure)]

    def _of(self, figure):
        if figure["metric"]:
            return [*self._of_stream(figure), *self._of_metric(figure)]
        return self._of_figure(figure)

    # ---- what one record says ---------------------------------------------------------------

    def _of_stream(self, figure):
        device, boot, seq = (figure[key] for key in ("device", "boot", "seq"))
        record = self._database.records.get((device, boot, seq))
        wanted = None if record is None else record.get("sn")
        return [] if figure["stream"] == wanted else [
            Difference(device, seq, "stream", figure["stream"], wanted)]

    def _of_metric(self, figure):
        device, boot, seq, name = (figure[key] for key in ("device", "boot", "seq", "metric"))
        group, key = name.split(".")
        if seq is None:
            told = Told(NONE)
        elif (device, boot, seq) not in self._database.records:
            return [Difference(device, seq, name, "a record", "no such record")]
        else:
            told = self._database.told(device, boot, seq, group, key)
        value = told.value
        if figure["part"] and told.state == TOLD:
            value = value[PARTS.index(figure["part"])]
        found = []
        if (figure["state"], figure["value"]) != (told.state, value):
            found.append(Difference(device, seq, name, (figure["state"], figure["value"]),
                                    (told.state, value)))
        elif not (self._is_exact(figure["text"], key, value) if figure["exact"] else
                  self._reads_as(figure["text"], key, told.state, value, self._unit(figure, key))):
            found.append(Difference(device, seq, name, figure["text"], f"{value!r} in words"))
        return found

    def _unit(self, figure, key):
        if key in ("ec", "ed"):
            event = self._database.records[figure["device"], figure["boot"], figure["seq"]]["e"]
            name = self._database.named("et", event["et"])
            return OF_EVENTS.get(name, ("", ""))[key == "ed"]
        return self._registry.metrics.get(key, {}).get("unit")

    def _is_exact(self, text, key, value):
        """Whether it stands there as it came, with its unit."""
        unit = self._registry.metrics.get(key, {}).get("unit", "")
        written = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        return text in (written.strip(), f"{written} {unit}")

    def _reads_as(self, text, key, state, value, unit):
        """Whether a viewer reads this value."""
        if state in (NEVER, UNMEASURED, UNKNOWN, NONE):
            return not NUMBER.search(text)
        about = self._registry.metrics.get(key, {})
        named = about.get("values", {}).get(str(value))
        if named is not None:
            return text.replace("_", " ") in (named.replace("_", " "), CLOCKS.get(named))
        if isinstance(value, str):
            return value.strip() == text or text.endswith("\u2026") and value.startswith(text[:-1])
        if isinstance(value, int):
            return is_written(text, value, unit)
        return True  # a level or a histogram as a whole is judged by its parts

    # ---- what several rows say --------------------------------------------------------------

    def _of_figure(self, figure):
        database, device, session = self._database, figure["device"], figure["session"]
        boot = database.newest_boot(device) if figure["boot"] is None else figure["boot"]
        wanted = {
            "seen_ms": lambda: database.seen_ms(device),
            "uploads_refused": lambda: database.uploads_refused(device),
            "uploads_failed": lambda: database.uploads_failed(device, boot),
            "boots": lambda: len(database.boots(device)),
            "records_stored": lambda: database.records_stored(device, boot),
            "records_missing": lambda: database.records_missing(device, boot),
            "resends": lambda: database.resends[device, boot],
            "loss_ppm": lambda: database.loss_ppm(device, boot, session),
            "received_kbps": lambda: database.received_kbps(device, boot, session),
            "state": lambda: database.state(device, boot, session),
        }[figure["figure"]]()
        if isinstance(wanted, float) and figure["value"] is not None:
            agrees = abs(figure["value"] - wanted) < 0.51
        else:
            agrees = figure["value"] == wanted
        return [] if agrees else [Difference(device, None, figure["figure"], figure["value"], wanted)]


def is_written(text, value, unit):
    """Whether a number stands in a text, to within the last digit that is shown of it."""
    clock = CLOCK.search(text) if unit in ("ms", "us") else None
    if clock:
        hours, minutes, seconds = (int((part or "0").replace(",", "")) for part in clock.groups())
        ms = value if unit == "ms" else value // 1000
        return ms // 1000 == hours * 3600 + minutes * 60 + seconds
    found = NUMBER.search(text)
    if not found:
        return unit == "bool" and text == ("no", "yes")[value]
    digits = re.sub(r"[,\s]", "", found.group()).replace("\u2212", "-")
    shown = text[found.end():].strip().split(" ")[0]
    scale = SCALES.get(unit, {}).get(shown, 1)
    step = 10.0 ** -len(digits.partition(".")[2])
    return abs(float(digits) * scale - value) <= 0.5001 * step * scale
