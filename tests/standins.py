"""Files of strangers at the names of working files, shared folders, and another user to look at them."""

import os
import shutil
import socket
import tempfile
from contextlib import contextmanager
from pathlib import Path

USER = 54321
"""Number of a user that no machine has."""
KINDS = ("folder", "hard link", "link", "dangling", "pipe", "socket", "writable", *(["foreign"] * (os.geteuid() == 0)))


def put(kind, path, content=b"precious"):
    """Put a stranger's file at a path; return a function that tells whether what it stands for is unharmed."""
    precious = path.with_name("precious")
    if kind != "dangling":
        precious.write_bytes(content)
    match kind:
        case "hard link":
            path.hardlink_to(precious)
        case "link" | "dangling":
            path.symlink_to(precious)
        case "writable" | "foreign":
            path.write_bytes(content)
            path.chmod(0o666 if kind == "writable" else 0o600)
            if kind == "foreign":
                os.chown(path, USER, USER)
        case "pipe":
            os.mkfifo(path)
        case "socket":
            folder = os.open(path.parent, os.O_RDONLY)  # a socket's path may have a hundred letters
            with socket.socket(socket.AF_UNIX) as made:
                made.bind(f"/proc/self/fd/{folder}/{path.name}")
            os.close(folder)
        case "folder":
            path.mkdir()
    return lambda: not precious.exists() if kind == "dangling" else precious.read_bytes() == content


@contextmanager
def shared(mode):
    """Yield a folder that others may enter and, by its mode, write to."""
    folder = Path(tempfile.mkdtemp(prefix="skycnn-shared-"))
    try:
        folder.chmod(mode)
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def another(user=USER):
    """Be another user for a while."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(user)
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)
