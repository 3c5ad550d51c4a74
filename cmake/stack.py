# SPDX-License-Identifier: Apache-2.0
"""The deepest chain of calls, from what GCC writes with -fcallgraph-info=su (files *.ci).

Calls through pointers end a chain: in this code they lead from one component to the next, whose own
deepest chain is counted for it. A function of the C library has no report and counts as 0.
"""
import collections
import re

NODE = re.compile(r'^node: \{ title: "([^"]+)" label: "([^"]+)"')
EDGE = re.compile(r'^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"')
BYTES = re.compile(r"(\d+) bytes")


def read(folder):
    """Frames in bytes, source files and callees of every function that was compiled."""
    frames, files = {}, {}
    calls = collections.defaultdict(set)
    for path in folder.rglob("*.ci"):
        for line in path.read_text().splitlines():
            node, edge = NODE.match(line), EDGE.match(line)
            if node:
                title, label = node.groups()
                size = BYTES.search(label)
                if size:
                    frames[title] = int(size.group(1))
                    files[title] = label.split("\\n")[1].rsplit(":", 2)[0]
            elif edge:
                calls[edge.group(1)].add(edge.group(2))
    return frames, files, calls


def deepest_by_component(folder, component):
    frames, files, calls = read(folder)
    depth = {}

    def descend(title, path):
        """The bytes below and with `title` while the chain stays in its component; a cycle counts
        once, since the project allows no recursion and Mbed TLS's is bounded by its callers."""
        if title in depth:
            return depth[title]
        home = component(files[title])
        below = [descend(callee, path | {title}) for callee in calls[title]
                 if callee in frames and callee not in path and component(files[callee]) == home]
        depth[title] = frames[title] + max(below, default=0)
        return depth[title]

    result = collections.defaultdict(int)
    for title in frames:
        home = component(files[title])
        result[home] = max(result[home], descend(title, frozenset()))
    return dict(result)
