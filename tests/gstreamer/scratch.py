# SPDX-License-Identifier: Apache-2.0
"""Folders that go with their test."""
import os
import tempfile


def folder(add_cleanup):
    holder = tempfile.TemporaryDirectory(dir=os.environ.get("TALLY_TEST_DIR"))
    add_cleanup(holder.cleanup)
    return holder.name
