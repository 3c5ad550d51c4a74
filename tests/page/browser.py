# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium that a test drives: keys, clicks, sizes, themes, pictures, and what it asked
the network for."""
import base64
import json
import os
import pathlib
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
FLAGS = (
    "--headless=new", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--no-sandbox",  # it refuses to run as root with one, as in a container
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-domain-reliability", "--no-pings", "--disable-dev-shm-usage", "--disable-extensions",
    "--app=data:,",  # no first tab with a page of its maker
    # Whatever it would like to look up in spite of these, there is nobody to be found.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
DESKTOP, PHONE = (1280, 800), (360, 740)
HIGHEST = 6000  # of a picture
WAIT_S = 30


class Timeout(AssertionError):
    """What a test waited for did not come."""


class Browser:
    """Ended by close(), with all that it started and wrote."""

    def __init__(self, *flags):
        # Its own folder for what it keeps: nothing of an earlier run, nothing left behind.
        self._home = tempfile.TemporaryDirectory(dir=os.environ.get("TALLY_TEST_DIR"),
                                                 ignore_cleanup_errors=True)
        self._net_log = pathlib.Path(self._home.name) / "net.json"
        options = Options()
        options.binary_location = CHROMIUM
        for flag in (*FLAGS, *flags, f"--user-data-dir={self._home.name}/profile",
                     f"--log-net-log={self._net_log}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        settings = {**os.environ, "HOME": self._home.name, "XDG_CONFIG_HOME": self._home.name,
                    "XDG_CACHE_HOME": self._home.name}
        try:
            self.driver = webdriver.Chrome(service=Service(DRIVER, env=settings), options=options)
        except BaseException:
            self._home.cleanup()
            raise
        self._requests = []
        self._complaints = []
        self.resize(DESKTOP)

    def close(self):
        """Ends it; the addresses that it sent anything to, itself included, as `host:port`."""
        self.driver.quit()
        spoken_to = addresses(self._net_log)
        self._home.cleanup()
        return spoken_to

    def open(self, url):
        self.driver.get(url)

    # ---- looks ------------------------------------------------------------------------------

    def resize(self, size):
        self._size = width, height = size
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width == PHONE[0]})

    def prefer(self, theme, motion="no-preference"):
        """What the viewer's system asks pages for."""
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": theme},
            {"name": "prefers-reduced-motion", "value": motion}]})

    def picture(self, path):
        """Writes the page, as high as it is, as PNG."""
        before = self._size
        height = self.run("return document.documentElement.scrollHeight")
        self.resize((before[0], min(height, HIGHEST)))
        # What is drawn when it comes into sight has two frames to do so.
        self.driver.execute_async_script(
            "requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(arguments[0], 50)))")
        path.parent.mkdir(parents=True, exist_ok=True)
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {})
        path.write_bytes(base64.b64decode(shot["data"]))
        self.resize(before)

    # ---- hands ------------------------------------------------------------------------------

    def press(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()

    def run(self, script, *arguments):
        """What a function body of JavaScript returns."""
        return self.driver.execute_script(script, *arguments)

    def until(self, what, script, *arguments, seconds=WAIT_S):
        """Waits until a function body returns something true; that."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = self.run(script, *arguments)
            if found:
                return found
            time.sleep(0.05)
        raise Timeout(f"not in {seconds} s: {what}; complaints: {self.complaints()}")

    # ---- what it says -----------------------------------------------------------------------

    def complaints(self):
        """All that it found wrong so far: errors of scripts, refused requests, broken policies."""
        self._complaints += [entry["message"] for entry in self.driver.get_log("browser")
                             if entry["level"] in ("SEVERE", "WARNING")]
        return list(self._complaints)

    def requests(self):
        """The URLs that pages have asked for so far."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self._requests.append(message["params"]["request"]["url"])
        return list(self._requests)


def addresses(net_log):
    """Where the browser as a whole sent bytes, by the log of its network stack."""
    logged = json.loads(net_log.read_text(errors="replace"))
    kinds = {number: name for name, number in logged["constants"]["logEventTypes"].items()}
    reached, told = {}, set()
    for event in logged["events"]:
        kind, parameters = kinds[event["type"]], event.get("params", {})
        source = event["source"]["id"]
        if kind in ("TCP_CONNECT_ATTEMPT", "UDP_CONNECT") and "address" in parameters:
            reached[source] = parameters["address"]
        # A TCP connect is traffic by itself. A UDP one only asks the kernel for a route.
        if kind == "TCP_CONNECT_ATTEMPT" or kind == "UDP_BYTES_SENT":
            told.add(reached.get(source, parameters.get("address", "unknown")))
    return told
