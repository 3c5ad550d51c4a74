# SPDX-License-Identifier: Apache-2.0
"""A token bucket whose rate follows a schedule, as pure arithmetic: nothing here waits.

A schedule is a list of steps (from_s, kbps), ascending; a rate of 0 is a stall, None no limit. Its
time 0 is a mark that is set once.
"""
import math

# How late a process may come and still send all that the schedule has for it.
BURST_S = 0.1


class Bucket:
    """Says for each piece of data when it may leave. Pieces leave in the order in which they ask."""

    def __init__(self, steps):
        if not steps or steps[0][0] != 0:
            raise ValueError("a schedule begins at 0")
        times = [from_s for from_s, _ in steps]
        if sorted(set(times)) != times:
            raise ValueError("the steps of a schedule ascend")
        if steps[-1][1] == 0:
            raise ValueError("a schedule that ends with 0 never ends")
        self._steps = list(steps)
        self._free_at_s = 0.0  # when all that was asked for has left

    def due_s(self, now_s, size):
        """When the last byte of `size` more may leave; at the earliest now."""
        if now_s < 0:
            return now_s  # before the mark nothing is limited
        self._free_at_s = self._forward(max(self._free_at_s, now_s - BURST_S, 0.0), size)
        return max(now_s, self._free_at_s)

    def _ranges(self):
        ends = [from_s for from_s, _ in self._steps[1:]] + [math.inf]
        return [(from_s, end_s, kbps) for (from_s, kbps), end_s in zip(self._steps, ends)]

    def _forward(self, at_s, size):
        """When `size` bytes have left that begin at `at_s`."""
        left = float(size)
        for from_s, end_s, kbps in self._ranges():
            if end_s <= at_s:
                continue
            begin_s = max(at_s, from_s)
            if kbps is None:
                return begin_s
            room = (end_s - begin_s) * kbps * 125 if kbps else 0.0
            if left <= room:
                return begin_s + left / (kbps * 125)
            left -= room
        raise AssertionError("the last step has no end")
