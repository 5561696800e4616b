"""Programs in processes of their own, so that a hang is a failure and nothing is left behind."""

import subprocess
import sys


def run(code, *arguments, timeout=60):
    """Run a program that prints "all well" at its end."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.endswith("all well\n"), done.stdout[-3000:]
