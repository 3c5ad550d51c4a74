# SPDX-License-Identifier: Apache-2.0
"""What the page is told: rows of the database put together as JSON, each figure with its record."""

from page import figures, series, timeline
from page.registry import NEVER, TOLD, UNKNOWN, UNMEASURED

SESSION = ("p.se", "p.su", "p.sc", "p.sd", "p.pt", "p.xe", "p.sr", "p.er", "p.br", "l.lb", "l.lv",
           "m.mk")
START = ("d.ci", "d.ct", "d.ki", "d.dy", "d.pl", "d.pn")
BOOT = ("b.dm", "b.dt", "b.fw", "b.os", "b.so", "b.gv", "b.re", "b.bc")
AGENT = ("a.ad", "a.ud", "a.ao", "a.aa", "a.u1", "a.ae", "a.ap", "a.am", "a.an", "a.at", "a.af",
         "a.ar", "a.u0", "a.lh", "a.le", "a.aq", "a.wq", "a.au", "a.az")
STREAM_KINDS = ("r", "t", "f", "j", "o")
MOST_MOMENTS = 600     # of a plot: about the pixels that it has
MOST_REFUSALS = 20
MOST_RECORDS = 200


class NotThere(Exception):
    """No such device or session; says which."""


class Boot:
    """One boot of a device, with the capability sets that it declared so far."""

    def __init__(self, tables, registry, device, row, is_current):
        self.tables, self.registry, self.device = tables, registry, device
        self.id, self.is_current, self.row = row["boot"], is_current, row
        self.declarations = tables.declarations(device, self.id)
        # Bits count in the order of the registry that the device was built with.
        self.is_known = row["registry"] == registry.version

    def newest(self, kinds, session=None):
        return self.tables.newest(self.device, self.id, kinds, session)

    def declared(self, record, start=None):
        if not self.is_known:
            return None
        if start is not None and isinstance(start.fields.get("c"), dict):
            return start.fields["c"]
        return figures.declared_at(self.declarations, record)

    def source(self, record, wanted=None, start=None):
        """A record with its figures; None without one."""
        if record is None:
            return None
        return {**envelope(record),
                "m": self.registry.readings(record, self.declared(record, start), wanted)}


def envelope(record):
    return {"boot": record.boot, "seq": record.seq, "session": record.session,
            "stream": record.stream, "kind": record.kind, "uptime_ms": record.uptime_ms,
            "wall_ms": record.wall_ms, "wall_quality": record.wall_quality}


class Views:
    """Answers of the page's interface; each is of one moment of the database."""

    def __init__(self, tables, registry):
        self._tables = tables
        self._registry = registry

    def _boots(self, device):
        rows = self._tables.boots(device)
        return [Boot(self._tables, self._registry, device, row, place == 0)
                for place, row in enumerate(rows)]

    def devices(self, wanted, now_ms):
        with self._tables.snapshot() as tables:
            known = tables.devices()
            return {"now_ms": now_ms, "upload": tables.newest_upload(), "count": len(known),
                    "devices": [self._overview(device) for device in known
                                if wanted is None or device in wanted]}

    def _overview(self, device):
        uploads = self._tables.uploads(device)
        told = {"device": device, "seen_ms": uploads[0]["received_ms"],
                "late_after_ms": figures.late_after_ms(row["received_ms"] for row in uploads),
                "uploads_refused": self._tables.refused(device),
                "refused_lately": sum(row["status"] > 299 for row in uploads),
                "boots": self._tables.boot_count(device)}
        row = self._tables.current_boot(device)
        if row is None:
            return told
        return {**told, **self._of_boot(Boot(self._tables, self._registry, device, row, True))}

    def _of_boot(self, boot):
        stored, missing = self._tables.stored(boot.device, boot.id)
        numbers = self._tables.sessions(boot.device, boot.id, most=1)
        return {
            "boot_id": boot.id,
            "boot": boot.source(boot.newest("b"), BOOT),
            "agent": boot.source(boot.newest("a"), AGENT),
            "session": self._session(boot, numbers[0]) if numbers else None,
            "sessions": self._tables.session_count(boot.device, boot.id),
            "records_stored": stored, "records_missing": missing,
            "resends": self._tables.resends(boot.device, boot.id),
        }

    def _session(self, boot, number):
        """A session in a line: its last figures, what it plays, its state and its streams."""
        start = boot.newest("s", number)
        last, heartbeat = boot.newest("hx", number), boot.newest("h", number)
        events = self._tables.events(boot.device, boot.id, number, most=20)
        state, by = figures.state_now(self._registry, start, last, events, not boot.is_current)
        about = last if last is not None and last.kind == "x" else start
        streams = [stream for kind in "rj" for stream in
                   self._tables.streams(boot.device, boot.id, number, kind, 2)]
        loss_ppm = figures.loss_ppm([stream[0] for stream in streams])
        on = [stream for stream in streams if not figures.is_over(stream[0], heartbeat)]
        return {
            "boot": boot.id, "session": number, "state": state, "state_by": by,
            "last": boot.source(last, SESSION, start), "about": boot.source(about, START, start),
            "began": envelope(start) if start is not None else None,
            "streams": [boot.source(stream[0], ("r.rj", "j.jj"), start) for stream in on],
            "loss_ppm": loss_ppm,
            "loss_state": TOLD if loss_ppm is not None else self._why_no_loss(boot, start, last),
            "received_kbps": figures.received_kbps(on),
        }

    def _why_no_loss(self, boot, start, last):
        declared = boot.declared(last or start, start) if last or start else None
        if declared is None:
            return UNKNOWN
        measured = any(self._registry.is_declared(group, key, declared)
                       for group, key in (("r", "rx"), ("j", "jp")))
        return NEVER if measured else UNMEASURED

    def device(self, device, now_ms):
        with self._tables.snapshot() as tables:
            boots = self._boots(device)
            if not boots and not tables.uploads(device, 1):
                raise NotThere(f"no device {device!r}")
            return {"now_ms": now_ms, "upload": tables.newest_upload(),
                    "overview": self._overview(device),
                    "boots": [self._boot(boot) for boot in boots],
                    "refusals": [dict(row) for row in tables.refusals(device, MOST_REFUSALS)],
                    "uploads": [dict(row) for row in tables.uploads(device)],
                    "health": self._health(boots[0]) if boots else None}

    def _boot(self, boot):
        stored, missing = self._tables.stored(boot.device, boot.id)
        numbers = self._tables.sessions(boot.device, boot.id)
        return {"boot": boot.id, "is_current": boot.is_current,
                "registry": boot.row["registry"],
                "about": boot.source(boot.newest("b")),
                "records_stored": stored, "records_missing": missing,
                "resends": self._tables.resends(boot.device, boot.id),
                "session_count": self._tables.session_count(boot.device, boot.id),
                "sessions": [self._session(boot, number) for number in numbers]}

    def _health(self, boot):
        """The agent about itself, and the device, of one boot."""
        records, of = self._tables.thinned(boot.device, boot.id, None, "a", MOST_MOMENTS)
        declared = boot.declared(records[-1]) if records else None
        return {"boot": boot.id, "offset_ms": figures.wall_offset(records), "of": of,
                "drawn": len({record.uptime_ms for record in records}),
                "agent": boot.source(boot.newest("a")),
                "device": boot.source(boot.newest("d")),
                "viewing": boot.source(boot.newest("v")),
                "plots": [series.plotted(self._registry, plot, records, declared)
                          for plot in series.HEALTH_PLOTS]}

    def session(self, device, boot_id, number, now_ms):
        with self._tables.snapshot() as tables:
            boot = next((boot for boot in self._boots(device) if boot.id == boot_id), None)
            if boot is None or not tables.has_session(device, boot_id, number):
                raise NotThere(f"no session {number} in boot {boot_id} of {device!r}")
            return {"now_ms": now_ms, "upload": tables.newest_upload(),
                    "summary": self._session(boot, number), **self._over_time(boot, number)}

    def _over_time(self, boot, number):
        of_boot = (boot.device, boot.id, number)
        start = boot.newest("s", number)
        records, of = self._tables.thinned(*of_boot, ("h", "x", *STREAM_KINDS), MOST_MOMENTS)
        events = self._tables.events(*of_boot)
        told = [record for record in records if record.kind in "hx" and "p" in record.fields]
        declared = boot.declared(records[-1], start) if records else None
        found = timeline.merged(timeline.spans(self._registry, start, told, events))
        return {
            "offset_ms": figures.wall_offset([*events, *records]), "of": of,
            "from_ms": timeline.opened_ms(told[0]) if told else None,
            "to_ms": records[-1].uptime_ms if records else None,
            "drawn": len({record.uptime_ms for record in records}),
            "plots": [series.plotted(self._registry, plot, records, declared)
                      for plot in series.SESSION_PLOTS],
            "timeline": [{**span._asdict(), "states": [list(part) for part in span.states]}
                         for span in found],
            "last": boot.source(boot.newest("hx", number), None, start),
            "start": boot.source(start, None, start),
            "streams": self._streams(boot, number, start),
            "events": [boot.source(event, None, start) for event in events],
        }

    def _streams(self, boot, number, start):
        """The last word on each stream of a session."""
        heartbeat = boot.newest("h", number)
        return [{**boot.source(record, None, start), "is_over": figures.is_over(record, heartbeat)}
                for kind in STREAM_KINDS
                for record, in self._tables.streams(boot.device, boot.id, number, kind)]

    def records(self, device, boot_id, before, most):
        with self._tables.snapshot() as tables:
            found = tables.latest(device, boot_id, before, min(most, MOST_RECORDS))
            return {"upload": tables.newest_upload(), "records": [
                {**envelope(record), "id": record.id, "resends": record.resends,
                 "upload_id": record.upload_id, "fields": record.fields} for record in found]}
