# SPDX-License-Identifier: Apache-2.0
"""Writes provision.c: a device's endpoint and credentials as constants, see provision.h."""

import argparse
import base64
import pathlib
import re
import subprocess
import sys

BLOCK = re.compile(r"-----BEGIN ([A-Z ]+)-----\s*(.*?)\s*-----END \1-----", re.DOTALL)
# IPv6 literals stand in brackets, as in any URL.
ENDPOINT = re.compile(r"https://(?:\[([0-9A-Fa-f:.]+)\]|([^/:\[\]]+))(?::([0-9]+))?(/[!-~]*)?")
BYTES_PER_LINE = 16


class Refusal(Exception):
    """Something the caller gave is not usable; the message says what."""


def parse_endpoint(url):
    """Host, port and path of an https URL."""
    match = ENDPOINT.fullmatch(url)
    if not match:
        raise Refusal(f"endpoint {url!r} is not https://HOST[:PORT][/PATH]")
    port = int(match[3] or 443)
    if not 0 < port < 65536:
        raise Refusal(f"endpoint {url!r} has no possible port")
    return match[1] or match[2], port, match[4] or "/"


def read_der(path, label):
    """All blocks of a PEM file whose label ends in `label`, one after the other."""
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"{path}: {error}") from error
    blocks = [base64.b64decode(body) for name, body in BLOCK.findall(text) if name.endswith(label)]
    if not blocks:
        raise Refusal(f"{path}: no PEM block of a {label.lower()}")
    return b"".join(blocks)


# A SubjectPublicKeyInfo (RFC 5480 2) of a point on P-256 that is not compressed, less the point.
P256_HEADS = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
P256_POINT_BYTES = 65


def read_p256_point(path):
    """The public key of a PEM file, as X9.62 has it."""
    der = read_der(path, "PUBLIC KEY")
    if len(der) != len(P256_HEADS) + P256_POINT_BYTES or not der.startswith(P256_HEADS):
        raise Refusal(f"{path}: not a public key on P-256")
    return der[len(P256_HEADS):]


def common_name(certificate):
    """The device's identity, as the collector will see it."""
    subject = subprocess.run(
        ["openssl", "x509", "-in", certificate, "-noout", "-subject", "-nameopt", "multiline,utf8"],
        capture_output=True, text=True, check=False)
    match = re.search(r"commonName\s*= (.+)", subject.stdout)
    if not match:
        raise Refusal(f"{certificate}: no common name, which is the device's identity")
    return match[1]


def c_text(text):
    """A C string literal of any UTF-8 text."""
    return '"' + "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}"
        for byte in text.encode()) + '"'


def c_array(name, data):
    """A C array, indented by four."""
    lines = (", ".join(f"0x{byte:02x}" for byte in data[at:at + BYTES_PER_LINE])
             for at in range(0, len(data), BYTES_PER_LINE))
    return f"static const uint8_t {name}[] = {{\n    " + ",\n    ".join(lines) + ",\n};\n"


def render(options):
    """The text of provision.c."""
    host, port, path = parse_endpoint(options.endpoint)
    certificate = options.certs / "device.pem"
    arrays = {
        "ca": read_der(options.certs / "ca.pem", "CERTIFICATE"),
        "certificate": read_der(certificate, "CERTIFICATE"),
        "key": read_der(options.certs / "device.key", "PRIVATE KEY"),
    }
    fields = [
        ("host", c_text(host)),
        ("path", c_text(path)),
        ("device_id", c_text(common_name(certificate))),
        ("operator_id", c_text(options.operator)),
        ("heartbeat_ms", options.heartbeat_ms),
        ("upload_ms", options.upload_ms),
        ("port", port),
    ]
    for name in arrays:
        fields += [(name, name), (f"{name}_bytes", f"sizeof {name}")]
    operator = options.certs / "operator.pem"
    if operator.exists():
        arrays["config_key"] = read_p256_point(operator)
        fields.append(("config_key", "config_key"))
    return "\n".join([
        "/* SPDX-License-Identifier: Apache-2.0 */",
        "/* Written by provision.py. Holds a private key. */",
        '#include "provision.h"',
        "",
        *(c_array(name, data) for name, data in arrays.items()),
        "const provision_t provision = {",
        *(f"    .{name} = {value}," for name, value in fields),
        "};",
        "",
    ])


def main():
    """Writes the file that --output names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True, help="https://HOST[:PORT][/PATH]")
    parser.add_argument("--certs", required=True, type=pathlib.Path,
                        help="folder with ca.pem, device.pem, device.key and, for remote "
                             "configuration, operator.pem: a public key")
    parser.add_argument("--operator", required=True)
    parser.add_argument("--heartbeat-ms", required=True, type=int)
    parser.add_argument("--upload-ms", required=True, type=int)
    parser.add_argument("--output", required=True, type=pathlib.Path)
    options = parser.parse_args()
    try:
        text = render(options)
    except Refusal as refusal:
        sys.exit(f"firmware: {refusal}")
    options.output.write_text(text, encoding="ascii")
    options.output.chmod(0o600)


if __name__ == "__main__":
    main()
