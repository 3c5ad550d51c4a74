# SPDX-License-Identifier: Apache-2.0
"""A collector with a fault in it: of every second record it says that it has it, and has it not."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "collector"))
import collector  # noqa: E402
import store  # noqa: E402


class Forgetful(store.Store):
    def _insert(self, key, body, record, upload_id):
        if record.seq % 2 == 0:
            super()._insert(key, body, record, upload_id)


collector.Store = Forgetful

if __name__ == "__main__":
    collector.main()
