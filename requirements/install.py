"""Installs a lock file with hashes into the Python that runs this, with one line of progress instead of pip's pages.

Started by the Makefile: ``.venv/bin/python requirements/install.py requirements/demo.txt``. Standard library only.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TextIO

SIZE = "350 MB to fetch, 1.6 GB on disk, two thirds of it SUMO"  # measured with an empty pip cache


def main(lock: Path) -> int:
    """Installs the lock file, then the project itself in editable mode.

    Args:
        lock: file made by ``make lock``.

    Returns:
        pip's exit status.
    """
    log = Path(sys.prefix) / "install.log"
    wanted = len(re.findall(r"^[A-Za-z0-9._-]+==", lock.read_text(encoding="utf-8"), re.MULTILINE))
    print(f"Installing {wanted} locked packages into {Path(sys.prefix).name}: about {SIZE}.", flush=True)
    print("The first run takes one to four minutes, depending on the line; later runs start at once.", flush=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--no-input", "--no-deps"]
    began = time.monotonic()
    with log.open("w", encoding="utf-8") as out:
        for arguments in (
            ["--require-hashes", "--only-binary", ":all:", "--progress-bar", "off", "-r", str(lock)],
            ["--no-build-isolation", "--quiet", "-e", "."],
        ):
            status = _follow([*pip, *arguments], wanted, out)
            if status:
                tail = "\n".join(log.read_text(encoding="utf-8").splitlines()[-15:])
                print(f"\n{tail}\n\nThe installation failed; all of pip's output is in {log}.", file=sys.stderr)
                print("If the line broke, say the same command again: what was fetched is kept.", file=sys.stderr)
                return status
    print(f"Installed in {time.monotonic() - began:.0f} s.", flush=True)
    return 0


def _follow(command: list[str], wanted: int, out: TextIO) -> int:
    """Runs pip, writes what it says to the log and counts packages on one line of a terminal."""
    seen = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", file=out, flush=True)
            if not sys.stdout.isatty():
                continue
            if found := re.match(r"(?:Collecting|Ignoring|Requirement already satisfied:) ([A-Za-z0-9._-]+)", line):
                seen += 1
                print(f"\r\033[K  {seen}/{wanted} {found[1]}", end="", flush=True)
            elif line.startswith("Installing collected packages"):
                print("\r\033[K  unpacking, this is the longer half …", end="", flush=True)
    if sys.stdout.isatty():
        print("\r\033[K", end="", flush=True)
    return process.returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
