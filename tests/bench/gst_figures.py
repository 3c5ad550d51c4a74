# SPDX-License-Identifier: Apache-2.0
"""Figures of Linux boxes: what the GStreamer plugin and the daemon take of them."""
import hop
import playing


def figures(run, build, programs, hop_program):
    """(name, value, unit) of each. `programs` is the build folder of what ships."""
    added_ns = 0
    for name, value, unit in hop.figures(hop_program, hop_program.parent, programs / "gstreamer",
                                         build / "hop"):
        if name == "gst.hop.added_ns":
            added_ns = value
        yield name, value, unit
    yield from playing.figures(run, programs, build / "playing", added_ns * hop.HOPS)
