"""
Makes the virtual environment that the tests use, once: concurrent runs wait for each other. What keeps it from that is said on stderr, and
for two minutes nobody tries again: each of the test files asks.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time

folder, requirement = sys.argv[1:]
mark = os.path.join(folder, 'made-for')
failure = folder + '.failed'
os.makedirs(os.path.dirname(folder), exist_ok=True)


def is_made() -> bool:
    try:
        with open(mark) as file:
            return file.read() == requirement
    except OSError:
        return False


def run(*command: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        reason = done.stdout.strip() or f'{command[0]} ended with {done.returncode}'
        with open(failure, 'w') as file:
            file.write(reason)
        sys.exit(reason)


def recent_failure() -> str | None:
    try:
        with open(failure) as file:
            return file.read() if time.time() - os.path.getmtime(failure) < 120 else None
    except OSError:
        return None


with open(folder + '.lock', 'w') as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    if not is_made():
        if reason := recent_failure():
            sys.exit(reason)
        shutil.rmtree(folder, ignore_errors=True)
        run(sys.executable, '-m', 'venv', folder)
        pip = (os.path.join(folder, 'bin', 'python'), '-m', 'pip', '--disable-pip-version-check')
        run(*pip, 'install', '--quiet', '--retries', '1', requirement)
        with open(mark, 'w') as file:
            file.write(requirement)
