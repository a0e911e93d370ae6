"""Values of every option of every verb, as the program itself lists them: numbers, texts, conditions, paths."""

import io

from astropy.io import fits

from .. import modelfile
from ..case import Base
from ..typed import PATHS, READ_ONLY, value
from ..values import pick
from . import catalogues, images, psffiles, stampfiles, tables

PREDICT = ("predict", "cat.fits", "--task", "photoz")
COMMANDS = (
    (*PREDICT, "--model", "photoz-sdss-flux"),
    (*PREDICT, "--model", "photoz-sdss-flux", "--out", "out.fits"),
    ("predict", "stamps.fits", "--task", "photoz", "--model", "photoz-csst-image", "--out", "out.fits"),
    ("cutout", "cat.fits", "--images", "r=r.fits", "--size", "8", "--out", "out.fits"),
    ("score", "answered.fits", "--task", "photoz", "--truth", "Z_SPEC", "--baselines", "none"),
    ("train", "cat.fits", "--task", "photoz", "--truth", "Z_SPEC", "--out", "new.safetensors", "--dry-run"),
    ("mock", "--task", "photoz", "--survey", "csst", "-n", "1", "--seed", "1", "--out", "mock.fits", "--dry-run"),
    ("models", "my.safetensors"),
)
LEFT_ALONE = ("--help", "--version", "--install-completion", "--show-completion", "--traceback")
ROWS = 90
SPECIALS = {name: name for name in ("fifo", "folder", "socket", "loop", "dangling", "empty", "unreadable")}


def bases(source):
    folder = source / "skycnn"
    model = modelfile.small(folder.joinpath("weights", "photoz-sdss-flux.safetensors").read_bytes())
    files = {
        "cat.fits": _catalogue(),
        "answered.fits": _catalogue(tables.answers(ROWS)),
        "r.fits": images.sound()["float"],
        "stamps.fits": stampfiles.own(),
        "psf.fits": psffiles.bases(source)["scale"].files["psf.fits"],
        "my.safetensors": model,
        "my.toml": folder.joinpath("surveys", "sdss.toml").read_bytes().replace(b"sdss", b"my"),
        "list.txt": b"r.fits\n",
    }
    return {"all": Base(files, COMMANDS)}


def _catalogue(more=()):
    """Return a catalogue of magnitudes that has positions too."""
    held = fits.open(io.BytesIO(images.places(ROWS)))[1]
    places = [column for column in held.columns if column.name in ("X", "Y", "RA", "DEC")]
    return catalogues.encoded(fits.BinTableHDU.from_columns([*catalogues.columns(ROWS), *places, *more], name="CAT"))


def offered(verb):
    """Return the options of a verb that take a value, and those that take none, by the program's own list."""
    from skycnn.cli import app

    params = app.tree(complete=False).get_command(None, verb).params
    named = [param for param in params if param.opts[0].startswith("-") and param.opts[0] not in LEFT_ALONE]
    return [[param.opts[0] for param in named if bool(param.is_flag) == flag] for flag in (False, True)]


def draw(rng, base, files, words):
    words = list(words)
    options, flags = offered(words[0])
    for _ in range(pick(rng, [1, 1, 2, 3])):
        if not options or rng.random() < 0.2:
            words.append(pick(rng, flags))
            continue
        option = pick(rng, options)
        typed = value(rng, option).replace("\0", pick(rng, ["", "\\0"]))  # no argument of a process holds a NUL
        if option in words and rng.random() < 0.8:
            words[words.index(option) + 1] = typed
        else:
            words += [option, typed]
    if rng.random() < 0.1 and words[0] != "models":
        paths = [path for path in PATHS if not (path.startswith(READ_ONLY) or "\0" in path or path == "-")]
        words[1] = pick(rng, paths)
    return words, [], SPECIALS
