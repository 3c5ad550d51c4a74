# SPDX-License-Identifier: Apache-2.0
"""Figures of Linux boxes: what the GStreamer plugin and the daemon take of them."""
import hop
import playing


def figures(run, build, programs, players):
    """(name, value, unit) of each. `programs` is the build folder of what ships, `players` that of
    what is measured with."""
    added_ns = 0
    for name, value, unit in hop.figures(players / "tally_bench_hop", players,
                                         programs / "gstreamer", build / "hop"):
        if name == "gst.hop.added_ns":
            added_ns = value
        yield name, value, unit
    yield from playing.figures(run, programs, players / "tally_bench_client", build / "playing",
                               added_ns * hop.HOPS)
