"""Work for the page's worker processes in tests: answers, errors, crashes, and no imports that take time."""

import os
import time


def echo(value):
    return value


def fail(line):
    raise ValueError(line)


def crash():
    os._exit(3)


def fault():
    raise RuntimeError("inside\nthe program")


def sleep(seconds):
    time.sleep(seconds)
    return "slept"


def count(n):
    yield from range(n)


def take(n_bytes):
    return len(bytearray(n_bytes))
