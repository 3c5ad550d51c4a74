# SPDX-License-Identifier: Apache-2.0
"""Wrong answers on purpose.

Numbers and `portal` (somebody between who answers with a page of his own) refuse
an upload before it is looked at. With all others the upload is handled, and
stored if it is good, but the answer comes late (slow) or is lost: the device
cannot know, sends again, and the store has to notice.
`date-past` and `date-future` accept like `none`, at a time that is days away, `date-far` at one at
which no certificate of the tests is valid any more.
"""

import asyncio
import contextlib
import email.utils
import itertools
import time

from aiohttp import web

NONE = "none"
PORTAL = "portal"
STATUSES = {str(status): status
            for status in (302, 400, 401, 403, 408, 413, 415, 422, 425, 429, 500, 503)}
REFUSALS = {**STATUSES, PORTAL: 200}
BUSY = ("429", "503")  # these say when to come back, others only if it is asked for
RETRY_AFTER = {"seconds": lambda delay_s: str(round(delay_s)),
               "date": lambda delay_s: http_date(delay_s)}
ELSEWHERE = "https://portal.invalid/login"
DAYS_OFF = {"date-past": -3, "date-future": 3, "date-far": 20 * 365}
DAY_S = 86400
PAGE = "<!doctype html><title>Welcome</title><p>Please accept our terms.\n"
HUGE_HEADER_BYTES = 1 << 20
CHUNK_BYTES = 16 << 10
POLL_S = 0.05


def http_date(from_now_s):
    return email.utils.formatdate(time.time() + from_now_s, usegmt=True)


class RawAnswer(web.StreamResponse):
    """An answer that by-passes aiohttp, which would never send anything this wrong."""

    def __init__(self, play):
        super().__init__()
        self._play = play
        self.force_close()

    async def prepare(self, request):
        await self._play(request.transport)
        if request.transport is not None:
            request.transport.close()

    async def write_eof(self, data=b""):
        """Nothing is left to be said."""


async def _slow(transport, answer, delay_s):
    """A good answer, byte by byte."""
    message = f"HTTP/1.1 {answer.status} {answer.reason}\r\nConnection: close\r\n\r\n".encode()
    for at in range(len(message)):
        if transport.is_closing():
            return
        transport.write(message[at:at + 1])
        await asyncio.sleep(delay_s / len(message))


async def _hang(transport, _answer, _delay_s):
    while not transport.is_closing():
        await asyncio.sleep(POLL_S)


async def _cut(transport, answer, _delay_s):
    transport.write(f"HTTP/1.1 {answer.status} {answer.reason[:6]}".encode())


async def _garbage(transport, _answer, _delay_s):
    transport.write(bytes(range(256)) * 4)


async def _endless(transport, _answer, _delay_s):
    transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    await _pour(transport, itertools.count())


async def _huge_header(transport, _answer, _delay_s):
    transport.write(b"HTTP/1.1 204 No Content\r\nX-Huge: ")
    await _pour(transport, range(HUGE_HEADER_BYTES // CHUNK_BYTES))
    transport.write(b"\r\n\r\n")


async def _pour(transport, chunks):
    """Writes one chunk for each of `chunks`, no faster than the other side reads."""
    for _ in chunks:
        while transport.get_write_buffer_size() > CHUNK_BYTES and not transport.is_closing():
            await asyncio.sleep(POLL_S / 10)
        if transport.is_closing():
            return
        transport.write(b"x" * CHUNK_BYTES)
        await asyncio.sleep(0)


LOST_ANSWERS = {
    "slow": _slow,
    "hang": _hang,
    "cut": _cut,
    "garbage": _garbage,
    "endless": _endless,
    "huge-header": _huge_header,
}
KINDS = [NONE, *REFUSALS, *LOST_ANSWERS, *DAYS_OFF]


class Faults:
    """Spoils the answers to the first `count` requests, or to all of them; and whatever else, while
    there is a file `now` with the name of a fault, all answers that way."""

    def __init__(self, kind=NONE, count=None, delay_s=3.0, retry_after=None, now=None):
        self._now = now
        self._kind = kind
        self._left = count
        self._delay_s = delay_s
        self._retry_after = retry_after

    def next(self):
        """The fault of the next request, or None."""
        if self._now:
            with contextlib.suppress(FileNotFoundError), open(self._now, encoding="ascii") as file:
                return file.read().strip()
        if self._kind == NONE or self._left == 0:
            return None
        if self._left is not None:
            self._left -= 1
        return self._kind

    def refusal(self, kind):
        """The answer instead of handling the request."""
        headers = {}
        if self._retry_after or kind in BUSY:
            headers["Retry-After"] = RETRY_AFTER[self._retry_after or "seconds"](self._delay_s)
        if kind == PORTAL:
            return web.Response(headers=headers, text=PAGE, content_type="text/html")
        if kind == "302":
            headers["Location"] = ELSEWHERE
        return web.Response(status=REFUSALS[kind], headers=headers, text="a fault on purpose\n")

    def lost(self, kind, answer):
        """What is sent in place of `answer`, now that the request was handled."""
        if kind is None:
            return answer
        if kind in DAYS_OFF:
            answer.headers["Date"] = http_date(DAYS_OFF[kind] * DAY_S)
            return answer
        return RawAnswer(lambda transport: LOST_ANSWERS[kind](transport, answer, self._delay_s))
