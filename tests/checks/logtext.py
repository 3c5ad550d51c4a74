# SPDX-License-Identifier: Apache-2.0
"""logtext.py WITH WITHOUT LOG.DEF: every text of the log is in one library and none in the other."""
import pathlib
import re
import sys


def main():
    spoken, mute = (pathlib.Path(path).read_bytes() for path in sys.argv[1:3])
    texts = re.findall(r'TALLY_LOG_ROW\(\w+, +\w+, +"([^"]+)"\)', pathlib.Path(sys.argv[3]).read_text())
    missing = [text for text in texts if text.encode() not in spoken]
    left = [text for text in texts if text.encode() in mute]
    print(f"logtext: {len(texts)} texts; missing: {missing or 'none'}; left over: {left or 'none'}")
    return 1 if missing or left or not texts else 0


if __name__ == "__main__":
    sys.exit(main())
