"""Every path that any option takes, where what has the name is no file: said in one line, before any work."""

import os
import re
import signal
import socket

import numpy as np
import pytest
from astropy.io import fits

from sdsslike import table, write
from skycnn.cli import app, console

PATH = re.compile(r"\b(FILE|DIR|CAT\d?)\b")
"""In the metavar of an option that takes a path."""

NO_PATH = {
    *("A:B", "ANSWER", "BAND=COLUMN", "BAND=UNIT", "COLUMN", "COLUMN|random", "COLUMN|width|z|mag|file[:LO:HI][:N]"),
    *("CONDITION", "EXT", "K", "LIST|all|none", "LIST|none", "N", "NAME", "NAME=COLUMN", "NAME=VALUE"),
    *("N|12arcsec", "P", "RA,DEC", "SECONDS", "SIZE", "TASK", "TEXT", "W,H", "X,Y", "[ANSWER=]COLUMN"),
    *(
        "COLUMN|sky:DEG",
        "blurred|smooth|zero|sky",
        "depth|counted|matched|none",
        "joint|ig|cam",
        "mmd|adversarial|batchnorm",
        "none|corrected|COLUMN",
        "rice|gzip",
        "u,g,r",
        "yes|no|unknown",
    ),
}
"""Metavars of options that take none."""

MODEL = ".safetensors"

BASE = {
    "predict": ["cat.fits", "--task", "photoz", "--out", "new.fits"],
    "cutout": ["cat.fits", "--size", "8", "--out", "new.fits"],
    "train": ["cat.fits", "--task", "photoz", "--truth", "Z_SPEC", "--out", "new.safetensors", "--epochs", "1"],
    "score": ["cat.fits", "--task", "photoz", "--truth", "Z_SPEC", "--baselines", "none"],
    "explain": ["cat.fits", "--task", "photoz", "--out", "new.fits"],
    "mock": ["--task", "photoz", "--survey", "csst", "-n", "1", "--out", "new.fits"],
    "models": [],
}
"""A sound call of each verb; files of these names are there."""

GO_WITH = {
    "--cache": ["--images", "r=http://127.0.0.1:9/{RA}.fits"],
    "--mask": ["--images", "r=img.fits"],
    "--weight": ["--images", "r=img.fits"],
    "--answers": ["--folds", "2"],
    "--background": [f"--background={band}=img.fits" for band in "ugizy"],
}
"""What else must be said for an option to be looked at."""

OF_IMAGES = {
    "predict": ["--model", "photoz-csst-image"],
    "explain": ["--model", "photoz-csst-image"],
    "train": ["--network", "image"],
}
"""What is said so that images are looked at."""

UNUSED = {("mock", "--avoid"), ("mock", "--background"), ("train", "--adapt")}
"""Nothing of photoz takes them, so that their files are not opened."""

IMAGES = ("--images", "--mask", "--weight", "--stamps", "--cache")
OUTPUTS = ("--out", "--preview", "--plot", "--provenance", "--answers", "--html", "--png")
SUFFIXES = {
    "--preview": ".png",
    "--plot": ".png",
    "--html": ".html",
    "--survey": ".toml",
    "--provenance": ".json",
    "--init": MODEL,
}


def text_options():
    root = app.tree()
    for verb in app.names():
        for param in root.get_command(None, verb).params:
            if not getattr(param, "is_flag", False):
                yield verb, param


def path_options():
    for verb, param in text_options():
        if PATH.search(param.metavar):
            yield pytest.param(verb, param, id=f"{verb} {param.opts[0]}")


def test_an_option_says_whether_it_takes_a_path():
    """A new metavar belongs either to `NO_PATH` or, with FILE, DIR or CAT in it, to the options tried here."""
    assert {p.metavar for _, p in text_options() if not PATH.search(p.metavar)} <= NO_PATH
    assert len(list(path_options())) >= 36


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with sound input, and with names that are no files."""
    folder = tmp_path_factory.mktemp("odd")
    more = {"RA": 150.0, "DEC": 2.0, "Z_SPEC": 0.5, "Z_PHOT": 0.5, "Z_PHOT_LO": 0.4, "Z_PHOT_HI": 0.6}
    write(folder / "cat.fits", table(50, **{name: np.full(50, value) for name, value in more.items()}))
    cards = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 150.0, "CRVAL2": 2.0, "CRPIX1": 50, "CRPIX2": 50}
    header = fits.Header(cards | {"CDELT1": -2e-5, "CDELT2": 2e-5, "BUNIT": "uJy"})
    fits.writeto(folder / "img.fits", np.ones((100, 100), "f4"), header)
    return folder


def nothing(kind, suffix):
    """Make what is no file, and return its name; None where this kind has no such name."""
    name = f"{kind}{suffix}"
    match kind:
        case "pipe":
            os.mkfifo(name)
        case "socket":
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(name)
        case "folder":
            os.mkdir(name)
        case "dangling":
            os.symlink(f"nowhere{suffix}", name)
        case "loop":
            os.symlink(name, name)
        case "to-null":
            os.symlink("/dev/null", name)
        case "long":
            return "x" * 300 + suffix
    return name


KINDS = ("pipe", "folder", "loop", "to-null", "long")
"""Tried with each option; more are in test_regular.py."""


def seen(folder):
    """Return what tells whether anything in a folder was touched; nothing is opened."""
    return {
        entry.name: (there.st_ino, there.st_mtime_ns, there.st_size)
        for entry in os.scandir(folder)
        for there in [entry.stat(follow_symlinks=False)]
    }


def called(words):
    """Run the program, for ten seconds at most; the alarm kills the test where it hangs."""
    signal.alarm(30)
    try:
        return console.run(lambda: app.call(words))
    finally:
        signal.alarm(0)


@pytest.mark.parametrize(("verb", "param"), list(path_options()))
def test_what_is_no_file_is_said_before_any_work(folder, verb, param, capfd, monkeypatch, tmp_path):
    option = param.opts[0]
    for name in ("cat.fits", "img.fits"):
        (tmp_path / name).hardlink_to(folder / name)
    monkeypatch.chdir(tmp_path)
    suffix = MODEL if (verb, option) == ("train", "--out") else SUFFIXES.get(option, ".fits")
    words = [verb, *BASE[verb], *GO_WITH.get(option, ()), *(OF_IMAGES.get(verb, ()) if option in IMAGES else ())]
    words += ["--overwrite"] if option in OUTPUTS else []
    wrong = []
    for kind in KINDS:
        name = nothing(kind, suffix)
        if kind == "folder" and option in ("--cache", "--png"):
            continue
        before = seen(tmp_path)
        for form in ("{}", "@{}") if option == "--images" else ("./{}",):
            value = form.format(name)
            code = called(replaced(words, option, f"r={value}" if "=" in param.metavar else value))
            said = capfd.readouterr().err
            told, *hint = [line for line in said.splitlines() if line.startswith(("skycnn: error", "hint"))] or [""]
            named = name in told or (verb, option) in UNUSED
            if code != 2 or not named or len(hint) > 1 or len(told) > 700 or seen(tmp_path) != before:
                wrong.append(f"{kind} as {value[:40]!r}: {code}, {said[-300:]}")
    assert wrong == []


def replaced(words, option, value):
    """Return a command line with a path in the place that it has there, or added."""
    if option in words and "=" not in value:
        at = words.index(option)
        return [*words[: at + 1], value, *words[at + 2 :]]
    if option.startswith("--"):
        return [*words, option, value]
    return [words[0], value, *words[2:]]
