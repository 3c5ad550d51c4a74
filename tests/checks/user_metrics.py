# SPDX-License-Identifier: Apache-2.0
"""user_metrics.py CC AGENT: a board's tally_metrics_user.def compiles with numbers only."""
import pathlib
import subprocess
import sys
import tempfile

CONFIG = "#define TALLY_METRICS_USER 1\n#define TALLY_VENDOR_ID 32473\n"
KIND_REFUSED = "metrics of a vendor are COUNTER, DURATION, SIGNED or GAUGE"
KEY_REFUSED = "a key has two letters"
# kind, unit, key, why it is refused or None
ROWS = [("COUNTER", "COUNT", "za", None),
        ("DURATION", "MS", "za", None),
        ("SIGNED", "CODE", "za", None),
        ("GAUGE", "PERCENT", "za", None),
        ("ENUM", "STATE", "za", KIND_REFUSED),
        ("TEXT", "TEXT", "za", KIND_REFUSED),
        ("LEVEL", "MS", "za", KIND_REFUSED),
        ("HISTOGRAM", "MS", "za", KIND_REFUSED),
        ("COUNTER", "COUNT", "z", KEY_REFUSED),
        ("COUNTER", "COUNT", "zaa", KEY_REFUSED)]


def compile_with(compiler, agent, kind, unit, key):
    with tempfile.TemporaryDirectory() as folder:
        board = pathlib.Path(folder)
        (board / "tally_config.h").write_text(CONFIG)
        (board / "tally_metrics_user.def").write_text(
            f'TALLY_METRIC(OWN, "{key}", {kind}, {unit}, FIELD, NONE, "the vendor\'s own")\n')
        return subprocess.run([compiler, "-std=c11", "-fsyntax-only", f"-I{board}",
                               f"-I{agent / 'include'}", str(agent / "src/metrics.c")],
                              capture_output=True, text=True, check=False)


def main():
    compiler, agent = sys.argv[1], pathlib.Path(sys.argv[2])
    failed = False
    for kind, unit, key, refusal in ROWS:
        run = compile_with(compiler, agent, kind, unit, key)
        right = run.returncode == 0 if refusal is None \
            else run.returncode != 0 and "OWN: " + refusal in run.stderr
        print(f"user_metrics: {kind} {key}: {'refused' if run.returncode else 'taken'}"
              f"{'' if right else ' - WRONG'}")
        if not right:
            print(run.stderr)
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
