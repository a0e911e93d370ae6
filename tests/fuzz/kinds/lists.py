"""Lists of images: lines of all kinds, bytes, and what is no text."""

from .. import mutation, values
from ..case import Base
from ..values import pick
from . import images

LIST = ("cutout", "cat.fits", "--images", "r=@r.txt", "--size", "8", "--out", "stamps.fits")
COMMANDS = (
    LIST,
    (*LIST, "--mask", "r=@m.txt"),
    (*LIST, "--images", "g=@m.txt", "--dry-run"),
    ("predict", "cat.fits", "--task", "photoz", "--survey", "csst", "--images", "r=@r.txt", "--dry-run"),
)
LINES = (
    "r1.fits", "./r1.fits", "r*.fits", "r1.fits[0]", "r1.fits[9]", "r1.fits[SCI]", "r1.fits[*]", "r1.fits#0",
    "r1.fits[]", "[0]", "# a comment", "r1.fits # a comment", "#", "", " ", "\t", "*", "**", "?", "[", "[!",
    "nix.fits", "nix*.fits", "../*", "..", ".", "/", "~", "~nobody/x.fits", "@r.txt", "@",
    "http://127.0.0.1:9/x.fits", "r{ID}.fits", "{", "}", "{}", "{ID", "r1.fits\0", "\0", "r1.fits\r", "a" * 5000,
    "a/" * 3000, "é.fits", "r1.fits[1e9]", "r1.fits[99999999999999999999]", "r1.fits[-1]", "r=r1.fits", "cat.fits",
    "cat.fits[1]", "fifo", "folder", "loop", "socket", "empty", "-", "%s%n", "r1.fits " * 500, "r1.fits[0][0]",
    "fif*",
)  # fmt: skip
SPECIALS = {name: name for name in ("fifo", "folder", "loop", "socket", "empty")}


def bases(source):
    image = images.sound()["float"]
    text = b"r1.fits\nr2.fits\n# the end\n"
    files = {"r1.fits": image, "r2.fits": image, "cat.fits": images.places(), "r.txt": text, "m.txt": b"r*.fits\n"}
    return {"list": Base(files, COMMANDS)}


def draw(rng, base, files, words):
    made = []
    for _ in range(int(rng.integers(1, 5))):
        name = pick(rng, ["r.txt", "r.txt", "m.txt"])
        if rng.random() < 0.8:
            line = pick(rng, LINES) + pick(rng, ["\n", "\n", "\n", "", "\r\n", "\r", "\x0b", "\u2028"])
            made.append([name, pick(rng, ["insert", "overwrite"]), pick(rng, [0, 8, 16]), line.encode().hex()])
        else:
            made.append([name, *mutation.some_bytes(rng, len(files[name]))])
    if rng.random() < 0.1:
        made.append(["r.txt", "insert", 0, pick(rng, ["fffe", "efbbbf", "53494d504c4520203d", "1f8b", "00"])])
    if rng.random() < 0.1:  # a name that no file has
        made.append(["r.txt", "overwrite", 0, pick(rng, values.TEXTS).encode("utf-8", "surrogateescape").hex()])
    return words, made, SPECIALS
