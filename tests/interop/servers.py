# SPDX-License-Identifier: Apache-2.0
"""The servers of the matrix; each starts with a chain, a TLS version and the CA of its devices.

`requests` has the uploads that came, `connections` what TLS said of each connection.
"""
import contextlib
import json
import os
import pathlib
import re
import ssl
import subprocess
import sys
import tempfile
import threading

from gnutls import GnuTls
from minting import certificates
from serving import (ACCEPTED, TLS12, TLS13, Listener, Program, Request, await_server, free_port,
                     is_listening, owner_of_servers, readable)

TESTS = pathlib.Path(__file__).resolve().parents[1]
PROGRAMS = pathlib.Path(os.environ.get("TALLY_PROGRAMS", TESTS.parent / "build" / "test"))

# Lets OpenSSL show certificates that it would not take itself.
ANY_STRENGTH = "DEFAULT:@SECLEVEL=0"


def files(name):
    return certificates() / f"{name}.pem", certificates() / f"{name}.key"


def device_ca(name):
    return certificates() / f"{name}-root.pem"


class OpenSsl:
    """openssl s_server: what arrives is on its standard output, between what it says itself."""
    SWITCH = {TLS12: "-tls1_2", TLS13: "-tls1_3"}

    def __init__(self, chain, version, *switches, devices="device", answer=None):
        certificate, key = files(chain)
        self.requests = []
        self.text = b""
        self._version = version
        self._answer = answer or (lambda server: server.say(ACCEPTED))
        self._program = Program(
            "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-cert_chain",
            certificate, "-key", key, "-CAfile", device_ca(devices), "-Verify", "3",
            "-verify_return_error", "-alpn", "http/1.1",
            *([self.SWITCH[version]] if version in self.SWITCH else []), *switches,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()
        await_server(self, lambda: b"ACCEPT" in self.text)
        self.port = int(re.search(rb"ACCEPT [\d.]+:(\d+)", self.text).group(1))

    def _listen(self):
        seen = 0
        while True:
            more = os.read(self._program.process.stdout.fileno(), 65536)
            if not more:
                return
            self.text += more
            at = self.text.find(b"POST /", seen)
            if at >= 0 and (request := Request(self.text[at:])).is_whole:
                seen = len(self.text)
                self.requests.append(request)
                self._answer(self)

    def say(self, data):
        """To the device; a line that is one capital letter is a command to s_server instead."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._program.process.stdin.fileno(), data)

    @property
    def connections(self):
        """s_server ends what it says of a connection with the cipher and what follows from it."""
        parts = re.split(rb"^CIPHER is ", self.text, flags=re.MULTILINE)
        told = zip(parts, parts[1:])
        return [{"version": self._version, "resumed": b"Reused session-id" in after,
                 "alpn": "http/1.1" if b"ALPN protocols selected: http/1.1" in before + after
                 else None} for before, after in told]

    def stop(self):
        self._program.stop()
        self._thread.join()
        self._program.process.stdin.close()
        self._program.process.stdout.close()


class Python(Listener):
    """Python's ssl module. `answer` as in serving.py; `after` is called when it gave None.

    A `forgetful` one takes no ticket that it gave."""
    NUMBER = {TLS12: ssl.TLSVersion.TLSv1_2, TLS13: ssl.TLSVersion.TLSv1_3}

    def __init__(self, chain, version, devices="device", answer=None, after=None, forgetful=False):
        self._chain, self._version, self._devices = chain, version, devices
        self._context = None if forgetful else self._make_context()
        self._after = after
        super().__init__(answer)

    def _make_context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = context.maximum_version = self.NUMBER[self._version]
        context.set_ciphers(ANY_STRENGTH)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(device_ca(self._devices))
        context.load_cert_chain(*files(self._chain))
        context.set_alpn_protocols(["http/1.1"])
        return context

    def talk(self, connection):
        context = self._context or self._make_context()
        with context.wrap_socket(connection, server_side=True) as stream:
            self.connections.append({"version": stream.version(), "resumed": stream.session_reused,
                                     "alpn": stream.selected_alpn_protocol()})
            super().talk(stream)
            if self._after is not None:
                self._after(stream)


class GnuTlsLibrary(Listener):
    """HTTP on GnuTLS itself: gnutls-serv answers no POST. `after` as above."""

    def __init__(self, chain, version, devices="device", answer=None, after=None):
        self._library = GnuTls(version, *files(chain), device_ca(devices))
        self._after = after
        super().__init__(answer)

    def talk(self, connection):
        connection.setblocking(True)
        with self._library.session(connection) as session:
            self.connections.append(session.told())
            super().talk(session)
            if self._after is not None:
                self._after(session)


class GnuTlsServ:
    """gnutls-serv: to a POST it says a page that is not even HTTP."""
    PRIORITY = {TLS12: "NORMAL:-VERS-ALL:+VERS-TLS1.2", TLS13: "NORMAL:-VERS-ALL:+VERS-TLS1.3"}

    def __init__(self, chain, version):
        certificate, key = files(chain)
        self.port = free_port()
        # Its log is a file: of a pipe that nobody reads it would wait for room.
        self._log = tempfile.NamedTemporaryFile()
        self._program = Program(
            "gnutls-serv", "--http", "--port", self.port, "--require-client-cert",
            "--verify-client-cert", "--x509cafile", device_ca("device"), "--x509certfile",
            certificate, "--x509keyfile", key, "--alpn", "http/1.1", "--priority",
            self.PRIORITY[version], stdin=subprocess.DEVNULL, stdout=self._log,
            stderr=subprocess.STDOUT)
        await_server(self, lambda: b"HTTP Server listening" in self.text)

    @property
    def text(self):
        return pathlib.Path(self._log.name).read_bytes()

    @property
    def connections(self):
        parts = re.split(rb"^- Version: ", self.text, flags=re.MULTILINE)
        told = zip(parts, parts[1:])
        return [{"version": after[:6].decode().replace("TLS", "TLSv"),
                 "resumed": b"This is a resumed session" in before,
                 "alpn": "http/1.1" if b"http/1.1" in before + after else None}
                for before, after in told]

    def stop(self):
        self._program.stop()
        self._log.close()


class Nginx:
    """nginx as a collector's front: checks the device's certificate and passes its name on."""

    def __init__(self, chain, version, devices="device", limits="", refusal="", answer=None):
        """`limits` go where uploads are taken, `refusal` says what is said to unknown devices."""
        self._upstream = Listener(answer)
        self._folder = tempfile.TemporaryDirectory(prefix="tally-nginx-")
        folder = pathlib.Path(self._folder.name)
        folder.chmod(0o777)
        certificate, key = files(chain)
        readable(key)
        self._log = folder / "access.log"
        self.port = free_port()
        (folder / "nginx.conf").write_text(CONFIGURATION.format(
            folder=folder, certificate=certificate, key=key, devices=device_ca(devices),
            version=version, port=self.port, upstream=self._upstream.port, limits=limits,
            refusal=refusal))
        with open(folder / "error.log", "wb") as errors:
            self._program = Program("/usr/sbin/nginx", "-p", folder, "-c", folder / "nginx.conf",
                                    "-e", "stderr", stdin=subprocess.DEVNULL, stdout=errors,
                                    stderr=errors, **owner_of_servers())
        await_server(self, lambda: is_listening(self.port))

    @property
    def requests(self):
        """Those that nginx let through."""
        return self._upstream.requests

    @property
    def log(self):
        """A line of its log for each request, refused ones too."""
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    @property
    def connections(self):
        return [{"version": line["version"], "resumed": line["resumed"] == "r",
                 "alpn": line["alpn"] or None} for line in self.log]

    def stop(self):
        self._program.stop()
        self._upstream.stop()
        self._folder.cleanup()


CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
events {{ worker_connections 64; }}
http {{
    log_format told escape=json '{{"version": "$ssl_protocol", "resumed": "$ssl_session_reused", '
        '"alpn": "$ssl_alpn_protocol", "status": $status, "time": $msec}}';
    access_log {folder}/access.log told;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    limit_req_zone $ssl_client_s_dn zone=devices:1m rate=60r/m;
    map $ssl_client_s_dn $device {{
        ~(^|,)CN=(?<name>[^,]+) $name;
    }}
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_protocols {version};
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_client_certificate {devices};
        ssl_verify_client on;
        ssl_session_cache shared:tls:1m;
        {refusal}
        location /v1/records {{
            {limits}
            proxy_http_version 1.1;
            proxy_pass http://127.0.0.1:{upstream};
            proxy_set_header X-Device $device;
        }}
        location @unknown {{
            return 403;
        }}
        location @later {{
            add_header Retry-After 2 always;
            return 429;
        }}
    }}
}}
"""


class Collector:
    """tests/collector as it is; the system's OpenSSL configuration holds it to a version."""

    def __init__(self, chain, version):
        certificate, key = files(chain)
        self._version = version
        self._folder = tempfile.TemporaryDirectory(prefix="tally-collector-")
        folder = pathlib.Path(self._folder.name)
        (folder / "openssl.cnf").write_text(OPENSSL_CONFIGURATION.format(version=version))
        ready = folder / "ready.json"
        self._out = folder / "records"
        with open(self._out, "wb") as out, open(folder / "log", "wb") as log:
            self._program = Program(
                sys.executable, TESTS / "collector/collector.py", "--ca", device_ca("device"),
                "--cert", certificate, "--key", key, "--db", folder / "tally.db", "--ready", ready,
                stdin=subprocess.DEVNULL, stdout=out, stderr=log,
                env={**os.environ, "OPENSSL_CONF": str(folder / "openssl.cnf")})
        await_server(self, ready.exists)
        self.port = json.loads(ready.read_text())["port"]

    @property
    def records(self):
        return self._out.read_text().splitlines()

    def stop(self):
        self._program.stop()
        self._folder.cleanup()


OPENSSL_CONFIGURATION = """
openssl_conf = all
[all]
ssl_conf = every
[every]
system_default = held
[held]
MinProtocol = {version}
MaxProtocol = {version}
CipherString = DEFAULT@SECLEVEL=2
"""
