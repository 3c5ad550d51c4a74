# SPDX-License-Identifier: Apache-2.0
"""Two network name spaces at the two ends of a cable, with a lossy sender and a witness.

A name space lives as long as the process that holds it, which ends with the test whatever becomes
of that: nothing is left behind, and runs side by side do not meet.
"""
import json
import os
import re
import select
import signal
import subprocess
import time

CABLE = "tally0"  # each end, in a name space of its own
ADDRESSES = {"near": "10.77.0.1", "far": "10.77.0.2"}  # the sender's, the receiver's
READY_S = 60  # this machine stands still now and then
SNAP_BYTES = 1600


class Failed(Exception):
    """The network is not what the test needs."""


def wait_for(what, is_true, limit_s=READY_S):
    end = time.monotonic() + limit_s
    while not is_true():
        if time.monotonic() > end:
            raise Failed(f"no {what} within {limit_s} s")
        time.sleep(0.02)


def end(process, limit_s=READY_S):
    """Ends a process that is not needed any more."""
    if process.poll() is None:
        process.terminate()
    try:
        return process.wait(limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
    finally:
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe:
                pipe.close()


class Network:
    """`add_cleanup` is that of the test."""

    def __init__(self, add_cleanup):
        self._add_cleanup = add_cleanup
        self._holders = {}
        for place in ADDRESSES:
            self._hold(place)
        self._lay_cable()

    def _hold(self, place):
        # It says a line from inside, and ends with its standard input.
        holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo held; cat"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._holders[place] = holder
        self._add_cleanup(end, holder)
        if holder.stdout.readline() != "held\n":
            raise Failed("name spaces need root")

    def _lay_cable(self):
        # Made inside: the machine's own name space never sees it.
        self.run("near", "ip", "link", "add", CABLE, "type", "veth", "peer", "name", CABLE,
                 "netns", str(self._holders["far"].pid))
        for place, address in ADDRESSES.items():
            self.run(place, "ip", "address", "add", f"{address}/24", "dev", CABLE)
            self.run(place, "ip", "link", "set", "lo", "up")
            self.run(place, "ip", "link", "set", CABLE, "up")

    def inside(self, place, *command):
        """The command that runs `command` there."""
        return ["nsenter", f"--net=/proc/{self._holders[place].pid}/ns/net", "--",
                *map(str, command)]

    def run(self, place, *command, **options):
        return subprocess.run(self.inside(place, *command), check=True, text=True, **options)

    def start(self, place, *command, **options):
        process = subprocess.Popen(self.inside(place, *command), **options)
        self._add_cleanup(end, process)
        return process

    # ---- loss ----

    def lose(self, permille, match):
        """From now on so many of a thousand packets that leave the near end and match are lost."""
        rules = f"""table netdev loss {{
            chain out {{
                type filter hook egress device "{CABLE}" priority 0;
                {match} numgen random mod 1000 < {permille} counter drop
            }}
        }}"""
        self.run("near", "nft", "-f", "-", input=rules)

    def lost(self):
        """What the firewall counted."""
        told = self.run("near", "nft", "--json", "list", "ruleset", stdout=subprocess.PIPE)
        counters = re.findall(r'"counter": ({[^}]*})', told.stdout)
        return json.loads(counters[0])["packets"]

    # ---- witness ----

    def capture(self, path, what):
        """Writes what comes to the far end, as pcap; returns once it does."""
        witness = self.start("far", "dumpcap", "-i", CABLE, "-P", "-q", "-s", SNAP_BYTES, "-B", "16",
                             "-f", what, "-w", path, stderr=subprocess.PIPE)
        wait_for("capture", lambda: path.exists() and path.stat().st_size > 0)
        if not select.select([witness.stderr], [], [], READY_S)[0]:
            raise Failed("the capture does not begin")
        return witness


def stop_capture(witness):
    """Ends a capture with all that came in the file."""
    witness.send_signal(signal.SIGINT)
    _, said = witness.communicate(timeout=READY_S)
    dropped = re.search(rb"dropped on interface[^:]*: \d+/(\d+)", said)
    if dropped and int(dropped[1]):
        raise Failed(f"the capture is not whole: {said.decode()}")


def finish(process, limit_s=READY_S):
    """Waits for a process that was asked to end by itself; its name space goes on."""
    try:
        status = process.wait(limit_s)
    except subprocess.TimeoutExpired as reason:
        raise Failed("a process that does not end") from reason
    if status != 0:
        raise Failed(f"a process ended with {status}")


def environment(shared, plugin, **more):
    """Of an unmodified application that loads the plugin in folder `plugin`. What is in `shared` is
    looked up once for all."""
    clean = {key: value for key, value in os.environ.items()
             if not key.startswith(("GST_", "TALLY_", "LD_PRELOAD"))}
    return {**clean, "GST_PLUGIN_PATH": str(plugin), "GST_TRACERS": "tally",
            "GST_REGISTRY": str(shared / "registry.bin"), "HOME": str(shared),
            "LC_ALL": "C.UTF-8", **{name: str(value) for name, value in more.items()}}


def look_up_plugins(shared, plugin):
    """Takes seconds where there are many; applications would do it while they are waited for."""
    subprocess.run(["gst-inspect-1.0", "fakesink"], check=True, stdout=subprocess.DEVNULL,
                   env=environment(shared, plugin))


def heard(log):
    """All calls of hooks in a log; a line that is still being written is left out."""
    whole, _, _ = log.read_text().rpartition("\n") if log.exists() else ("", "", "")
    return [json.loads(line) for line in whole.splitlines()]


def streams(log, group):
    """The values of each stream of a group when it was detached: {number: values}."""
    return {call["stream"]: call["values"] for call in heard(log)
            if call["call"] == "detach" and call["group"] == group}
