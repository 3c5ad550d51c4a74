# SPDX-License-Identifier: Apache-2.0
"""Types a command of the documents: as it stands there, but for what stands for something else."""
import os
import subprocess
import unittest

import reading


def documented():
    """Every line to be typed."""
    return {command.text for command in reading.commands()}


class Typing(unittest.TestCase):
    documented = documented()

    def type(self, command, folder, status=0, path="", timeout_s=600, **places):
        """What it says. `places` are the words that the reader puts something of his own for."""
        self.assertIn(command, self.documented)
        line = command
        for word, value in places.items():
            self.assertIn(word, line)
            line = line.replace(word, str(value))
        search = ":".join(filter(None, [str(path), os.environ["PATH"]]))
        environment = reading.own_environment(LC_ALL="C", PATH=search)
        done = subprocess.run(["bash", "-ec", line], cwd=folder, text=True, check=False,
                              timeout=timeout_s, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=environment)
        self.assertEqual(done.returncode, status, f"{line}\n{done.stdout[-6000:]}")
        return done.stdout
