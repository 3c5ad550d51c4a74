# SPDX-License-Identifier: Apache-2.0
"""The certificates of these tests: chains as public CAs issue them, and what a device must refuse.

    NAME.pem, NAME.key          a server: its certificate with the intermediate behind it
    small-root.pem ...          what a device is given to trust, one for each kind of chain
    device.pem, .key            the device stb-0001, P-256, directly below device-root
    stranger-device.pem, .key   the same name below stranger-device-root
"""
import atexit
import datetime
import functools
import hashlib
import os
import pathlib
import subprocess
import tempfile

NAMES = "DNS:localhost,IP:127.0.0.1"
DEVICE_ID = "stb-0001"
DAY = datetime.timedelta(days=1)
YEAR = 365 * DAY

# kind of chain: how its keys are made, and what signs
KEYS = {
    "small": ("EC", "ec_paramgen_curve:P-256", "sha256"),
    "p384": ("EC", "ec_paramgen_curve:P-384", "sha384"),
    "rsa2048": ("RSA", "rsa_keygen_bits:2048", "sha256"),
}
CHAINS = tuple(KEYS)
WEAK_RSA = ("RSA", "rsa_keygen_bits:1024", "sha256")
SHA1 = ("RSA", "rsa_keygen_bits:2048", "sha1")

CONFIG = """
[req]
distinguished_name = subject
[subject]
[ca]
default_ca = issuer
[issuer]
dir = $ENV::ISSUER
database = $dir/index.txt
new_certs_dir = $dir
rand_serial = yes
unique_subject = no
policy = any
[any]
commonName = supplied
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = $ENV::NAMES
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[device]
subjectAltName = $ENV::NAMES
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


def utc(time):
    return time.strftime("%Y%m%d%H%M%SZ")


class Mint:
    """Makes certificates in `work`; a name is also that of its files."""

    def __init__(self, work, now):
        self.work = work
        self.now = now
        self.config = work / "openssl.cnf"
        self.config.write_text(CONFIG)

    def _openssl(self, *words, issuer="", names=NAMES):
        env = {**os.environ, "ISSUER": str(self.work / issuer), "NAMES": names}
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, env=env)

    def _path(self, name, ending):
        return self.work / f"{name}.{ending}"

    def _request(self, name, key, common_name):
        algorithm, parameter, _ = key
        self._openssl("genpkey", "-algorithm", algorithm, "-pkeyopt", parameter,
                      "-out", self._path(name, "key"))
        self._openssl("req", "-new", "-config", self.config, "-key", self._path(name, "key"),
                      "-subj", f"/CN={common_name}", "-out", self._path(name, "csr"))

    def make(self, name, key, role, issuer=None, common_name=None, names=NAMES, begins=-DAY,
             ends=10 * YEAR):
        """A key and its certificate; without an issuer it is signed by itself."""
        self._request(name, key, common_name or name)
        (self.work / name).mkdir()
        (self.work / name / "index.txt").touch()
        signer = ["-selfsign", "-keyfile", self._path(name, "key")] if issuer is None else \
            ["-cert", self._path(issuer, "pem"), "-keyfile", self._path(issuer, "key")]
        self._openssl("ca", "-batch", "-notext", "-config", self.config, *signer, "-md", key[2],
                      "-extensions", role, "-startdate", utc(self.now + begins),
                      "-enddate", utc(self.now + ends), "-in", self._path(name, "csr"),
                      "-out", self._path(name, "pem"), issuer=issuer or name, names=names)

    def authority(self, name, key):
        """A root and an intermediate below it, older than all that they sign."""
        self.make(f"{name}-root", key, "authority", begins=-40 * YEAR)
        self.make(f"{name}-mid", key, "authority", f"{name}-root", begins=-40 * YEAR)

    def server(self, name, key, issuer, **more):
        self.make(name, key, "server", f"{issuer}-mid", common_name="localhost", **more)
        self.append(name, f"{issuer}-mid")

    def append(self, name, other):
        with open(self._path(name, "pem"), "a", encoding="ascii") as out:
            out.write(self._path(other, "pem").read_text())


def mint_all(mint):
    """Servers that are not named after their chain have one defect each."""
    p256 = KEYS["small"]
    for chain, key in KEYS.items():
        mint.authority(chain, key)
        mint.server(chain, key, chain)
    mint.authority("stranger", p256)
    mint.server("stranger", p256, "stranger")
    mint.server("expired", p256, "small", begins=-2 * YEAR, ends=-YEAR)
    mint.server("ancient", p256, "small", begins=-30 * YEAR, ends=-20 * YEAR)
    mint.server("early", p256, "small", begins=YEAR, ends=2 * YEAR)
    mint.server("wronghost", p256, "small", names="DNS:wrong.example,IP:192.0.2.1")
    mint.make("purpose", p256, "device", "small-mid", common_name="localhost")
    mint.append("purpose", "small-mid")
    mint.make("below-leaf", p256, "server", "small", common_name="127.0.0.1")
    mint.append("below-leaf", "small")
    mint.make("alone", p256, "server", "small-mid", common_name="localhost")
    mint.make("self", p256, "server", common_name="localhost")
    mint.server("weak", WEAK_RSA, "rsa2048")
    mint.server("sha1", SHA1, "rsa2048")
    mint.make("ancient-mid", p256, "authority", "small-root", begins=-30 * YEAR, ends=-20 * YEAR)
    mint.server("below-ancient", p256, "ancient")
    for name in ("device", "stranger-device"):
        mint.make(f"{name}-root", p256, "authority")
        mint.make(name, p256, "device", f"{name}-root", common_name=DEVICE_ID)


@functools.lru_cache(maxsize=1)
def certificates():
    """The folder of this process, made when it is first asked for; a second or two."""
    folder = tempfile.TemporaryDirectory(prefix="tally-interop-")
    atexit.register(folder.cleanup)
    made = pathlib.Path(folder.name)
    made.chmod(0o755)  # nginx does not run as root
    mint_all(Mint(made, datetime.datetime.now(datetime.timezone.utc)))
    return made


def pin(name):
    """SHA-256 of the public key of a server, as hexadecimal digits."""
    public = subprocess.run(
        ["openssl", "pkey", "-in", certificates() / f"{name}.key", "-pubout", "-outform", "DER"],
        check=True, capture_output=True).stdout
    return hashlib.sha256(public).hexdigest()
