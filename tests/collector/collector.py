#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The other end of the wire: takes uploads over mutual TLS and keeps each record once."""

import argparse
import asyncio
import contextlib
import dataclasses
import json
import logging
import os
import signal
import sqlite3
import ssl
import sys
import time

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

import wire
from faults import KINDS, NONE, REFUSALS, RETRY_AFTER, Faults
from fields import Fields
from names import Names
from page import server as page
from refusal import Refusal
from store import OtherFormat, Store

LARGEST_BODY = 1 << 20
LONGEST_BODY_S = 120.0
CONTENT_TYPE = "application/cbor"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CONFIG_TYPE = 'application/cose; cose-type="cose-sign1"'
LINGER_S = 2.0  # for what a client still sends of an upload that is refused
BAD_CERTIFICATE = ("PEER_DID_NOT_RETURN_A_CERTIFICATE", "CERTIFICATE_VERIFY_FAILED")
GRACE_S = 1.0  # for requests under way when the collector is told to stop

log = logging.getLogger("collector")


class Cut(Exception):
    """The connection ended within a body: no upload, and nobody there to be refused it."""


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a body may take."""
    most_bytes: int = LARGEST_BODY
    most_s: float = LONGEST_BODY_S


class Collector:
    """Answers uploads: checks, stores, prints."""

    def __init__(self, store, names, fields, faults, config=None, limits=Limits()):
        self._store = store
        self._names = names
        self._fields = fields
        self._faults = faults
        self._config = config
        self._limits = limits

    def app(self, path):
        app = web.Application(client_max_size=self._limits.most_bytes + 1,  # below, for aiohttp
                              middlewares=[tell_of_other_requests])
        app.router.add_route("POST", path, self._upload, expect_handler=self._expect)
        return app

    async def _expect(self, request):
        """A device that asks first sends no body that is refused by its head."""
        with contextlib.suppress(Refusal):
            check_head(request, self._limits)
            await request.writer.write(CONTINUE)

    async def _upload(self, request):
        fault = self._faults.next()
        if fault in REFUSALS:
            return self._faults.refusal(fault)
        return self._faults.lost(fault, await self._answer(request))

    async def _answer(self, request):
        device = identity(request)
        received_ms = time.time_ns() // 1_000_000
        size = request.content_length or 0
        try:
            self._take(device, await read_body(request, self._limits), received_ms)
        except Refusal as refusal:
            self._store.refuse(device, received_ms, size, refusal)
            log.warning("refused %s of %s: %s", refusal.status, device, refusal.reason)
            return web.Response(status=refusal.status, text=refusal.reason + "\n")
        except Cut as cut:
            log.warning("cut by %s: %s", device, cut)
            return web.Response(status=400)
        except sqlite3.Error as error:  # the device keeps what is not acknowledged
            log.error("refused 503 of %s: the database: %s", device, error)
            return web.Response(status=503, text="the database is not available\n")
        return self._accepted()

    def _accepted(self):
        """Every device gets the configuration as the file is now; it knows its own version."""
        if self._config:
            with contextlib.suppress(FileNotFoundError), open(self._config, "rb") as source:
                return web.Response(body=source.read(), headers={"Content-Type": CONFIG_TYPE})
        return web.Response(status=204)

    def _take(self, device, data, received_ms):
        body = wire.parse(data)
        if body.device != device:
            raise Refusal(403, f"the body is of {body.device!r}, the certificate of {device!r}")
        if self._fields:
            self._fields.check(body)
        fresh = self._store.accept(body, received_ms, data)
        log.info("accepted of %s: %d bytes, %d records, %d of them resent",
                 device, len(data), len(body.records), len(body.records) - len(fresh))
        for record in fresh:
            print(self._names.line(body.boot, record), flush=True)


@web.middleware
async def tell_of_other_requests(request, handler):
    """What aiohttp refuses by itself: another path, another method."""
    try:
        return await handler(request)
    except web.HTTPException as refusal:
        log.warning("refused %s of %s: %s %r", refusal.status, identity(request), request.method,
                    request.path)
        raise


def tell_of_no_http(entry):
    """A filter of aiohttp's log: what is no HTTP is worth a line, not where it was found."""
    error = entry.exc_info[1] if entry.exc_info else None
    if isinstance(error, HttpProcessingError):
        entry.msg, entry.args = "refused %d: no HTTP: %.100r", (error.code, error.message)
        entry.exc_info = None
    return True


def identity(request):
    """The common name of the client's certificate; TLS has verified it is one of ours."""
    if request.transport is None:  # gone already
        return ""
    subject = request.transport.get_extra_info("peercert")["subject"]
    return next((value for rdn in subject for key, value in rdn if key == "commonName"), "")


def check_head(request, limits):
    """What can be said of a body before it comes."""
    if request.content_type != CONTENT_TYPE:
        raise Refusal(415, f"{request.content_type!r} is not {CONTENT_TYPE}")
    if "Content-Encoding" in request.headers:
        raise Refusal(415, "an upload has no Content-Encoding")
    if request.content_length is None:
        raise Refusal(411, "an upload has a Content-Length")
    if request.content_length > limits.most_bytes:
        raise Refusal(413, f"{request.content_length} bytes are more than {limits.most_bytes}")


async def read_body(request, limits):
    check_head(request, limits)
    try:
        return await asyncio.wait_for(request.read(), limits.most_s)
    except asyncio.TimeoutError:
        raise Refusal(408, f"{request.content_length} bytes did not come in"
                           f" {limits.most_s:g} s") from None
    except (ConnectionError, web.RequestPayloadError):
        raise Cut(f"the connection ended before {request.content_length} bytes"
                  " were there") from None


class Handshake(ssl.SSLObject):
    """Says why somebody does not come in: in the log, and to a device that shows no certificate, or
    a wrong one, by an alert of TLS. asyncio does neither: it sends what OpenSSL has to say only if
    the handshake seems to go on. That ends with the client's next word, or after a minute."""
    _failure = None

    def do_handshake(self):
        if self._failure:
            raise self._failure
        try:
            super().do_handshake()
        except ssl.SSLWantReadError:
            raise
        except ssl.SSLError as error:
            log.warning("refused a connection: TLS: %s", error.reason or error)
            if error.reason not in BAD_CERTIFICATE:
                raise
            self._failure = error
            raise ssl.SSLWantReadError from error


def tls_context(options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(options.ca)
    context.load_cert_chain(options.cert, options.key)
    context.sslobject_class = Handshake
    return context


def announce(path, **ports):
    """Says where to connect; written at once, so a waiting test never reads half of it."""
    with open(f"{path}.new", "w", encoding="utf-8") as out:
        json.dump({**ports, "pid": os.getpid()}, out)
    os.replace(f"{path}.new", path)


async def serve(options, collector):
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        runner = web.AppRunner(collector.app(options.path), access_log=None,
                               auto_decompress=False, lingering_time=LINGER_S)
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        await web.TCPSite(runner, options.host, options.port, shutdown_timeout=GRACE_S,
                          ssl_context=tls_context(options)).start()
        ports = {"port": runner.addresses[0][1]}
        log.info("listening on %s:%d", options.host, ports["port"])
        if options.page is not None:
            runner, ports["page"] = await page.start(options.db, options.registry, options.page)
            stack.push_async_callback(runner.cleanup)
            log.info("page: http://localhost:%d/", ports["page"])
        if options.ready:
            announce(options.ready, **ports)
        await stop.wait()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 (default): any free one")
    parser.add_argument("--path", default="/v1/records")
    parser.add_argument("--ca", required=True, help="PEM: who signs devices")
    parser.add_argument("--cert", required=True, help="PEM: the server's certificate")
    parser.add_argument("--key", required=True, help="PEM: the server's key")
    parser.add_argument("--db", required=True, metavar="FILE")
    parser.add_argument("--registry", metavar="FILE",
                        help="JSON: names of kinds and metrics; uploads that do not fit it are"
                             " refused")
    parser.add_argument("--most-bytes", type=int, default=LARGEST_BODY, metavar="N",
                        help="refuse larger uploads with a 413 (default: 1 MiB)")
    parser.add_argument("--most-seconds", type=float, default=LONGEST_BODY_S, metavar="S",
                        help="refuse with a 408 what takes longer to come (default: 120)")
    parser.add_argument("--config", metavar="FILE",
                        help="answer accepted uploads with this (see sign_config.py), while it is"
                             " there; read anew each time")
    parser.add_argument("--page", type=int, metavar="PORT",
                        help="show what comes on a web page, to this machine only; 0: any free"
                             " port; needs --registry (see page/README.md)")
    parser.add_argument("--ready", metavar="FILE",
                        help="gets {port, pid}, and page with --page, once listening")
    parser.add_argument("--fault", choices=KINDS, default=NONE)
    parser.add_argument("--fault-count", type=int, metavar="N",
                        help="spoil the first N requests only (default: all)")
    parser.add_argument("--fault-delay", type=float, default=3.0, metavar="SECONDS",
                        help="what a slow answer takes and a 429 or 503 asks for (default: 3)")
    parser.add_argument("--fault-now", metavar="FILE",
                        help="play the fault named in it while it is there; read anew each time")
    parser.add_argument("--fault-retry-after", choices=RETRY_AFTER,
                        help="let every refusal ask for that delay, in this form")
    options = parser.parse_args()
    if options.page is not None and not options.registry:
        parser.error("--page needs --registry")
    return options


def main():
    options = arguments()
    logging.basicConfig(level=logging.INFO, format="collector: %(message)s")
    logging.getLogger("aiohttp.server").addFilter(tell_of_no_http)
    names = Names.from_file(options.registry) if options.registry else Names()
    fields = Fields.from_file(options.registry) if options.registry else None
    faults = Faults(options.fault, options.fault_count, options.fault_delay,
                    options.fault_retry_after, options.fault_now)
    limits = Limits(options.most_bytes, options.most_seconds)
    try:
        store = Store(options.db)
    except (OtherFormat, sqlite3.Error) as error:
        sys.exit(f"collector: --db: {error}")
    try:
        asyncio.run(serve(options, Collector(store, names, fields, faults, options.config, limits)))
    finally:
        store.close()


if __name__ == "__main__":
    main()
