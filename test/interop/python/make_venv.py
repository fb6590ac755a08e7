"""Makes the virtual environment that the tests use, once: concurrent runs wait for each other. What keeps it from that ends stderr."""

import fcntl
import os
import shutil
import subprocess
import sys

folder, requirement = sys.argv[1:]
mark = os.path.join(folder, 'made-for')
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
        sys.exit(done.stdout.strip() or f'{command[0]} ended with {done.returncode}')


with open(folder + '.lock', 'w') as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    if not is_made():
        shutil.rmtree(folder, ignore_errors=True)
        run(sys.executable, '-m', 'venv', folder)
        pip = (os.path.join(folder, 'bin', 'python'), '-m', 'pip', '--disable-pip-version-check')
        run(*pip, 'install', '--quiet', requirement)
        with open(mark, 'w') as file:
            file.write(requirement)
