#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An HTTP/1.1 server of files whose network is as good as a plan says, and that writes down what it did.

    server.py ROOT PLAN.json LOG.jsonl READY.json

One process, one thread. The plan, all of it optional:

    {"mark": "seg", "rates": [[0, 4000], [5, 0], [9, 4000]], "missing": ["/x"], "cut": [["/y", 1000]],
     "gone_s": 7.5}

    mark    time 0 is when the first file is asked for whose path has this in it
    rates   kbit/s since the mark, over all connections; 0 stalls, null is no limit
    missing paths that have one of these in them are 404
    cut     the connection is closed behind so many bytes of paths that have this in them
    gone_s  connections are reset and new ones refused from then on

Each answered request is a line of the log, times in ms of CLOCK_BOOTTIME; `late_ms` says by how much
its latest piece left behind the plan, which is how long this process did not run.
"""
import asyncio
import dataclasses
import json
import pathlib
import re
import socket
import sys
import time

from bucket import Bucket

PIECE_BYTES = 2048
SEND_BUFFER_BYTES = 8192  # what the kernel holds was not received yet
TYPES = {".m3u8": "application/vnd.apple.mpegurl", ".mpd": "application/dash+xml",
         ".ts": "video/mp2t", ".mp4": "video/mp4", ".m4s": "video/iso.segment"}


def now_ms():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) / 1e6


@dataclasses.dataclass
class Answer:
    path: str
    asked_ms: float
    status: int = 0
    first_ms: float = None
    last_ms: float = None
    bytes: int = 0
    late_ms: float = 0.0
    is_whole: bool = False


class Request:
    def __init__(self, head):
        lines = head.decode("latin-1").split("\r\n")
        self.method, target, _ = lines[0].split(" ", 2)
        self.path = target.partition("?")[0]
        fields = dict(line.lower().split(":", 1) for line in lines[1:] if ":" in line)
        span = re.fullmatch(r"\s*bytes=(\d+)-(\d*)\s*", fields.get("range", ""))
        self.first = int(span[1]) if span else None
        self.last = int(span[2]) if span and span[2] else None
        self.keeps = fields.get("connection", "").strip() != "close"


class Server:
    def __init__(self, root, plan, log):
        self._root = pathlib.Path(root).resolve()
        self._plan = plan
        self._log = log
        self._bucket = Bucket([tuple(step) for step in plan.get("rates", [[0, None]])])
        self._mark_ms = None
        self._order = asyncio.Lock()
        self._writers = set()
        self._listener = None

    async def listen(self):
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self._listener.sockets[0].getsockname()[1]

    async def _serve(self, reader, writer):
        self._writers.add(writer)
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        writer.transport.set_write_buffer_limits(high=0)
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, reader, writer):
        """One request; whether the connection goes on."""
        request = Request(await reader.readuntil(b"\r\n\r\n"))
        answer = Answer(request.path, now_ms())
        self._set_mark(request.path)
        try:
            whole = await self._send(request, answer, writer)
        finally:
            self._write(answer)
        return whole and request.keeps

    def _set_mark(self, path):
        if self._mark_ms is None and self._plan.get("mark", "") in path:
            self._mark_ms = now_ms()
            self._write({"mark": path, "at_ms": self._mark_ms})
            if "gone_s" in self._plan:
                asyncio.get_running_loop().call_later(self._plan["gone_s"], self._leave)

    def _leave(self):
        self._listener.close()
        for writer in self._writers:
            writer.transport.abort()
        self._write({"gone": True, "at_ms": now_ms()})

    def _content(self, path):
        file = (self._root / path.lstrip("/")).resolve()
        missing = any(part in path for part in self._plan.get("missing", ()))
        if missing or not file.is_relative_to(self._root) or not file.is_file():
            return None
        return file.read_bytes()

    async def _send(self, request, answer, writer):
        content = self._content(request.path)
        head, body = self._prepare(request, answer, content)
        writer.write(head.encode("ascii"))
        if request.method == "HEAD":
            body = b""
        cut = next((size for part, size in self._plan.get("cut", ()) if part in request.path), None)
        for at in range(0, len(body), PIECE_BYTES):
            if cut is not None and at >= cut:
                return False
            await self._send_piece(body[at:at + PIECE_BYTES], answer, writer)
        await writer.drain()
        answer.last_ms = now_ms()
        answer.is_whole = True
        return True

    @staticmethod
    def _prepare(request, answer, content):
        if content is None:
            answer.status = 404
            return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", b""
        first = request.first or 0
        last = len(content) - 1 if request.last is None else min(request.last, len(content) - 1)
        body = content[first:last + 1]
        kind = TYPES.get(pathlib.PurePath(request.path).suffix, "application/octet-stream")
        fields = f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\nAccept-Ranges: bytes\r\n"
        if request.first is None:
            answer.status = 200
            return f"HTTP/1.1 200 OK\r\n{fields}\r\n", body
        answer.status = 206
        span = f"Content-Range: bytes {first}-{last}/{len(content)}\r\n"
        return f"HTTP/1.1 206 Partial Content\r\n{fields}{span}\r\n", body

    async def _send_piece(self, piece, answer, writer):
        async with self._order:
            if self._mark_ms is not None:
                now_s = (now_ms() - self._mark_ms) / 1000
                due_s = self._bucket.due_s(now_s, len(piece))
                if due_s > now_s:
                    await asyncio.sleep(due_s - now_s)
                    late_ms = now_ms() - self._mark_ms - due_s * 1000
                    answer.late_ms = max(answer.late_ms, late_ms)
        writer.write(piece)
        answer.first_ms = answer.first_ms or now_ms()
        await writer.drain()
        answer.last_ms = now_ms()
        answer.bytes += len(piece)

    def _write(self, entry):
        fields = entry if isinstance(entry, dict) else dataclasses.asdict(entry)
        rounded = {key: round(value, 1) if isinstance(value, float) else value
                   for key, value in fields.items()}
        print(json.dumps(rounded), file=self._log, flush=True)


async def run(root, plan, log, ready):
    server = Server(root, plan, log)
    port = await server.listen()
    ready.with_suffix(".new").write_text(json.dumps({"port": port}))
    ready.with_suffix(".new").rename(ready)
    await asyncio.Event().wait()


def main():
    if len(sys.argv) != 5:
        sys.exit("usage: server.py ROOT PLAN LOG READY")
    root, plan, log, ready = map(pathlib.Path, sys.argv[1:])
    with open(log, "a", encoding="utf-8") as out:
        try:
            asyncio.run(run(root, json.loads(plan.read_text()), out, ready))
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
