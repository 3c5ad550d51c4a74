# SPDX-License-Identifier: Apache-2.0
"""Many threads at once, watched by ThreadSanitizer, while their daemon comes and goes."""
import os
import subprocess
import time
import unittest

import case
import daemon

SECONDS = 4


class Crowd(case.Case):

    def test_no_two_threads_meet_where_they_must_not(self):
        crowd = subprocess.Popen(  # the sanitizer wants its addresses where they used to be
            ["setarch", "-R", os.environ["TALLY_CROWD"], self.socket, str(SECONDS)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"TSAN_OPTIONS": "exitcode=66"})
        heard = 0
        while crowd.poll() is None:
            dutiful = daemon.Dutiful(daemon.Daemon(self.socket))
            time.sleep(0.7)
            dutiful.stop()
            dutiful.host.go()
            heard += len(dutiful.heard)
        said, complaints = crowd.communicate()
        self.assertEqual((crowd.returncode, complaints), (0, ""))
        self.assertGreater(int(said), 10)  # sessions
        self.assertGreater(heard, 100)     # messages


if __name__ == "__main__":
    unittest.main()
