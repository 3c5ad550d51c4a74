# SPDX-License-Identifier: Apache-2.0
"""A collector with a fault in it: what is sent again is stored again."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "collector"))
import collector  # noqa: E402
import store  # noqa: E402

store.SCHEMA = store.SCHEMA.replace(",\n    PRIMARY KEY (device, boot, seq)", "")


class Doubling(store.Store):
    def _is_resent(self, body, record, upload_id):
        self._insert((body.device, body.boot, record.seq), body, record, upload_id)
        return False


collector.Store = Doubling

if __name__ == "__main__":
    collector.main()
