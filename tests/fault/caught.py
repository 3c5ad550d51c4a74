# SPDX-License-Identifier: Apache-2.0
"""caught.py PROGRAM...: a broken spool is caught if a campaign over it fails, crashes or hangs."""
import subprocess
import sys

SECONDS = 200
FAILED = 1


def main(*command):
    try:
        run = subprocess.run(command, timeout=SECONDS, capture_output=True, text=True, check=False)
    except subprocess.TimeoutExpired:
        print("caught: it hangs")
        return 0
    first = next((line for line in run.stdout.splitlines() if line.startswith("FAILED")), "")
    if run.returncode < 0 or (run.returncode == FAILED and first):
        print("caught:", first or f"signal {-run.returncode}")
        return 0
    print(f"NOT caught (status {run.returncode})\n{run.stdout}{run.stderr}")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
