"""Tasks for Python's workers: one behaviour each."""

import os
import time


def add(a, b):
    return a + b


def echo(*args, **kwargs):
    return [list(args), kwargs]


def note(file, text):
    with open(file, 'a') as notes:
        notes.write(f'{text}\n')


def fail(message='it went wrong'):
    raise ValueError(message)


def gate(file):
    """Runs until somebody makes the file."""
    print('the gate is closed', flush=True)
    while not os.path.exists(file):
        time.sleep(0.02)
    return 'through'
