#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Signs remote configuration: writes the COSE_Sign1 message of agent/SPEC.md.

    sign_config.py --key KEY.pem --out FILE --operator acme --version 7 --heartbeat-ms 30000
    sign_config.py --key KEY.pem --out FILE --json description.json

KEY.pem is a P-256 private key. A description has the names of the options with _ for -, and what is
given as an option counts. What a device would clamp or refuse is refused here.
"""
import argparse
import json
import sys

import cbor2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

MAP_MOST = 1024
THRESHOLDS_MOST = 4
UINT32_MOST = (1 << 32) - 1
PROTECTED = b"\xa1\x01\x26"  # {1: -7}, ES256

# name: key, least, most
NUMBERS = {
    "version": ("v", 1, UINT32_MOST),
    "heartbeat_ms": ("h", 1_000, 3_600_000),
    "upload_ms": ("u", 10_000, 86_400_000),
    "daily_bytes": ("b", 65_536, UINT32_MOST - 1),
    "sampling_ppm": ("p", 0, 1_000_000),
    "stop_until_s": ("s", 0, UINT32_MOST),
}
TEXTS = {"operator": "o", "device": "d", "endpoint": "e", "groups_off": "g"}
NEEDED = ("operator", "version")


class Unfit(ValueError):
    """No device would do what the description says."""


def payload(description):
    """The map of a description, encoded."""
    missing = [name for name in NEEDED if name not in description]
    if missing:
        raise Unfit(f"{', '.join(missing)} missing")
    encoded = cbor2.dumps(dict(_entry(*item) for item in description.items()), canonical=True)
    if len(encoded) > MAP_MOST:
        raise Unfit(f"a map of {len(encoded)} bytes; {MAP_MOST} are the most")
    return encoded


def _entry(name, value):
    if name in NUMBERS:
        key, least, most = NUMBERS[name]
        if name == "daily_bytes" and value == 0:
            least = 0
        return key, _number(name, value, least, most)
    if name in TEXTS:
        if not isinstance(value, str) or "\0" in value:
            raise Unfit(f"{name}: a text is wanted")
        if name == "groups_off" and not _are_letters(value):
            raise Unfit(f"{name}: letters of groups, each once")
        return TEXTS[name], value
    if name == "thresholds":
        return "t", _thresholds(value)
    raise Unfit(f"unknown name {name!r}")


def _are_letters(text):
    return all("a" <= letter <= "z" for letter in text) and len(set(text)) == len(text)


def _thresholds(thresholds):
    if not isinstance(thresholds, dict) or len(thresholds) > THRESHOLDS_MOST:
        raise Unfit(f"thresholds: at most {THRESHOLDS_MOST}, each a metric's key and a rise")
    for metric, rise in thresholds.items():
        if len(metric.encode()) != 2:
            raise Unfit(f"thresholds: {metric!r} is no key of a metric")
        _number(f"thresholds {metric}", rise, 1, UINT32_MOST)
    return thresholds


def _number(name, value, least, most):
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise Unfit(f"{name}: {value!r} is not a number from {least} to {most}")
    return value


def message(signed, key):
    """The COSE_Sign1 message (RFC 9052 4.2) of these payload bytes."""
    to_be_signed = cbor2.dumps(["Signature1", PROTECTED, b"", signed])
    der = key.sign(to_be_signed, ec.ECDSA(hashes.SHA256()))
    signature = b"".join(part.to_bytes(32, "big") for part in utils.decode_dss_signature(der))
    return cbor2.dumps(cbor2.CBORTag(18, [PROTECTED, {}, signed, signature]))


def load_key(path):
    with open(path, "rb") as source:
        key = serialization.load_pem_private_key(source.read(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise Unfit(f"{path}: not a P-256 key")
    return key


def _threshold(text):
    metric, _, rise = text.partition("=")
    return metric, int(rise)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--key", required=True, metavar="PEM")
    parser.add_argument("--out", required=True, metavar="FILE")
    parser.add_argument("--json", metavar="FILE")
    for name in NUMBERS:
        parser.add_argument("--" + name.replace("_", "-"), type=int)
    for name in TEXTS:
        parser.add_argument("--" + name.replace("_", "-"))
    parser.add_argument("--threshold", action="append", type=_threshold, metavar="METRIC=RISE",
                        help="a key of metrics.def and how much it rises between two heartbeats")
    return parser.parse_args()


def described(options):
    description = {}
    if options.json:
        with open(options.json, encoding="utf-8") as source:
            description = json.load(source)
    given = {name: getattr(options, name) for name in (*NUMBERS, *TEXTS)}
    description.update({name: value for name, value in given.items() if value is not None})
    if options.threshold:
        description["thresholds"] = dict(options.threshold)
    return description


def main():
    options = arguments()
    try:
        signed = message(payload(described(options)), load_key(options.key))
    except (Unfit, OSError, ValueError) as error:
        sys.exit(f"sign_config: {error}")
    with open(options.out, "wb") as out:
        out.write(signed)


if __name__ == "__main__":
    main()
