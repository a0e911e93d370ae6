"""Run the program, or a few lines of Python, as the shell would."""

import os
import subprocess
import sys

MAIN = "import sys; from skycnn.cli.app import main; sys.argv[0] = 'skycnn'; main()"


def python(code, *args, check=False, **settings):
    """Run lines of Python in a process of their own."""
    settings = {"capture_output": True, "text": True, "timeout": 120, "env": buffered()} | settings
    return subprocess.run([sys.executable, "-c", code, *args], check=check, **settings)


def run(*args, **settings):
    """Run one skycnn command line in a process of its own."""
    return python(MAIN, *args, **settings)


def buffered():
    """Return our environment, without the switch that would hide what happens at the last flush."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


def bare(**variables):
    """Return the environment of a cron job: next to nothing in it."""
    return {"PATH": os.defpath} | variables
