# SPDX-License-Identifier: Apache-2.0
"""The live page over HTTP: to this machine only, and to be read only.

Devices are strangers and their texts are hostile: the answers are JSON and fixed files, the page
puts texts in as texts, and its policy lets no other script run. A stranger's web page in the
engineer's browser can send requests here. It gets no answer: a name of its own that it lets point
to this machine is none of those that are served.
"""

import asyncio
import concurrent.futures
import contextlib
import json
import os
import pathlib
import time

from aiohttp import web

from page.registry import Registry
from page.tables import Tables
from page.views import MOST_RECORDS, NotThere, Views
from page.watch import Watch

HOST = "127.0.0.1"
OUR_NAMES = ("127.0.0.1", "localhost")
HERE = pathlib.Path(__file__).resolve().parent
UPLOT = pathlib.Path(os.environ.get("TALLY_UPLOT_DIR", HERE.parents[2] / ".deps" / "uplot"))
PAGES = {"/": "overview.html", "/device": "device.html"}
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript",
         ".mjs": "text/javascript", ".svg": "image/svg+xml"}
HEADERS = {
    "Content-Security-Policy":
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
        " require-trusted-types-for 'script'; trusted-types 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
STILL_HERE_S = 15.0  # a connection that nobody reads any more is found out by writing to it
RETRY_MS = 1000
BIGGEST_INTEGER = 1 << 63


class NoPlots(Exception):
    """uPlot is not where set-up puts it."""


def static_files():
    """What is served as it is: {path: file}. A path that is not in it does not exist."""
    if not (UPLOT / "dist" / "uPlot.esm.js").is_file():
        raise NoPlots(f"no uPlot in {UPLOT}; run: make setup SETS=live")
    own = {f"/static/{file.name}": file for file in sorted((HERE / "static").iterdir())}
    pages = {path: HERE / "static" / name for path, name in PAGES.items()}
    return {**own, **pages, "/static/uPlot.mjs": UPLOT / "dist" / "uPlot.esm.js",
            "/static/uPlot.css": UPLOT / "dist" / "uPlot.min.css"}


@web.middleware
async def guard(request, handler):
    """Answers only who asks for this machine by its own name, and only to GET."""
    port = request.transport.get_extra_info("sockname")[1]
    if request.headers.get("Host", "").lower() not in {f"{name}:{port}" for name in OUR_NAMES}:
        return web.Response(status=403, text="this page is for localhost only\n", headers=HEADERS)
    if request.method != "GET":
        return web.Response(status=405, text="GET only\n", headers={**HEADERS, "Allow": "GET"})
    try:
        return await handler(request)
    except web.HTTPException as refusal:
        return web.Response(status=refusal.status, text=f"{refusal.reason}\n", headers=HEADERS)


def as_json(told):
    return web.Response(body=json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode(),
                        content_type="application/json", headers=HEADERS)


def text_of(query, name):
    if name not in query:
        raise web.HTTPBadRequest(reason=f"{name} is missing")
    return query[name]


def number_of(query, name, default=None):
    """An integer that SQLite can hold; what is not there is the default, if it has one."""
    if name not in query and default is not None:
        return default
    text = text_of(query, name)
    if not (text.isascii() and text.isdigit()) or int(text[:30]) >= BIGGEST_INTEGER:
        raise web.HTTPBadRequest(reason=f"{name} is not a number")
    return int(text)


class Page:
    """The page of one database."""

    def __init__(self, database, registry):
        self._database = database
        self._registry = registry
        self._files = static_files()
        # One thread reads: a question that takes long holds up the page, and no upload.
        self._reader = concurrent.futures.ThreadPoolExecutor(1, "page")
        self._watch = Watch(self._ask)
        self._tables = None

    def app(self):
        app = web.Application(middlewares=[guard])
        for path in self._files:
            app.router.add_get(path, self._file, allow_head=False)
        answers = {"registry": self._names, "devices": self._devices, "device": self._device,
                   "session": self._session, "records": self._records, "changes": self._changes}
        for name, answer in answers.items():
            app.router.add_get(f"/api/{name}", answer, allow_head=False)
        app.cleanup_ctx.append(self._under_way)
        return app

    async def _under_way(self, app):
        self._tables = await asyncio.get_running_loop().run_in_executor(
            self._reader, Tables, self._database)
        watch = asyncio.create_task(self._watch.run())
        yield
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch
        await self._ask(Tables.close)
        self._reader.shutdown()

    async def _ask(self, question):
        return await asyncio.get_running_loop().run_in_executor(
            self._reader, lambda: question(self._tables))

    async def _view(self, view):
        """The answer of a view, at the time of the question."""
        now_ms = time.time_ns() // 1_000_000
        try:
            return as_json(await self._ask(
                lambda tables: view(Views(tables, self._registry), now_ms)))
        except NotThere as reason:
            return web.Response(status=404, text=f"{reason}\n", headers=HEADERS)

    async def _file(self, request):
        file = self._files[request.path]
        return web.Response(body=file.read_bytes(), content_type=TYPES[file.suffix],
                            charset="utf-8", headers=HEADERS)

    async def _names(self, _request):
        return web.Response(text=self._registry.text, content_type="application/json",
                            headers=HEADERS)

    async def _devices(self, request):
        wanted = set(request.query.getall("device", [])) or None
        return await self._view(lambda views, now_ms: views.devices(wanted, now_ms))

    async def _device(self, request):
        device = text_of(request.query, "device")
        return await self._view(lambda views, now_ms: views.device(device, now_ms))

    async def _session(self, request):
        device = text_of(request.query, "device")
        boot, number = (number_of(request.query, name) for name in ("boot", "session"))
        return await self._view(
            lambda views, now_ms: views.session(device, boot, number, now_ms))

    async def _records(self, request):
        query = request.query
        device = text_of(query, "device")
        boot, before = (number_of(query, name, -1) for name in ("boot", "before"))
        most = number_of(query, "limit", MOST_RECORDS)
        return await self._view(lambda views, _: views.records(
            device, None if boot < 0 else boot, None if before < 0 else before, most))

    async def _changes(self, request):
        """Server-sent events: which devices changed. A page that reads slowly gets fewer."""
        if self._watch.is_full():
            raise web.HTTPServiceUnavailable(reason="too many pages are open")
        answer = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream"})
        await answer.prepare(request)
        with self._watch.listening() as listener, contextlib.suppress(ConnectionError):
            listener.tell(await self._ask(Tables.newest_upload), None)
            await answer.write(f"retry: {RETRY_MS}\n\n".encode())
            while True:
                await answer.write(event(await listener.hear(STILL_HERE_S)))
        return answer


def event(told):
    if told is None:
        return b": still here\n\n"
    upload, devices = told
    data = json.dumps({"upload": upload,
                       "devices": None if devices is None else sorted(devices)})
    return f"event: changed\ndata: {data}\n\n".encode()


async def start(database, registry_path, port):
    """Serves the page of a database; returns (what to clean up in the end, the port)."""
    runner = web.AppRunner(Page(database, Registry.from_file(registry_path)).app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, port, shutdown_timeout=0.5).start()
    return runner, runner.addresses[0][1]
