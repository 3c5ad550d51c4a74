# SPDX-License-Identifier: Apache-2.0
"""Notices that the database changed, whoever changed it, and tells every page that is open."""

import asyncio
import contextlib

POLL_S = 0.25
MOST_LISTENERS = 32
MOST_NAMED = 200  # devices: with more of them a page is told that all may have changed


class Listener:
    """One open page. What it has not heard of yet is kept as names, however slow it is."""

    def __init__(self):
        self._news = asyncio.Event()
        self._devices = set()
        self._upload = 0

    def tell(self, upload, devices):
        self._upload = upload
        if devices is None or self._devices is None or len(self._devices | devices) > MOST_NAMED:
            self._devices = None
        else:
            self._devices |= devices
        self._news.set()

    async def hear(self, seconds):
        """(newest upload, devices that changed or None for all), or None after so long."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._news.wait(), seconds)
        if not self._news.is_set():
            return None
        told = self._upload, self._devices
        self._devices = set()
        self._news.clear()
        return told


class Watch:
    """Asks the database whether it changed. `ask` calls a function of the tables where these may be
    used."""

    def __init__(self, ask):
        self._ask = ask
        self._listeners = set()

    def is_full(self):
        return len(self._listeners) >= MOST_LISTENERS

    @contextlib.contextmanager
    def listening(self):
        listener = Listener()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    async def run(self):
        version, upload, _ = await self._ask(lambda tables: look(tables, 0))
        while True:
            await asyncio.sleep(POLL_S)
            now, newest, devices = await self._ask(lambda tables: look(tables, upload))
            if now != version:
                # Without an upload somebody else changed something, and nothing says what.
                for listener in self._listeners:
                    listener.tell(newest, devices or None)
            version, upload = now, newest


def look(tables, upload):
    """(version, newest upload, whose came behind `upload`), all of one moment."""
    with tables.snapshot():
        return tables.version(), tables.newest_upload(), tables.uploaders_since(upload)
