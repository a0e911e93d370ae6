"""Model files: leaves of the card, sealed anew, tensors, the header of safetensors, bytes."""

from .. import modelfile, mutation
from ..case import Base
from . import catalogues, stampfiles

MODEL = ("--model", "my.safetensors")
COMMANDS = (
    ("predict", "cat.fits", "--task", "photoz", *MODEL),
    ("predict", "cat.fits", "--task", "photoz", *MODEL, "--out", "out.fits", "--pdf", "--strict"),
    ("predict", "cat.fits", "--task", "photoz", *MODEL, "--dry-run", "--json"),
    ("models", "my.safetensors"),
    ("models", "my.safetensors", "--json"),
    (
        "train",
        "cat.fits",
        "--task",
        "photoz",
        "--truth",
        "Z_SPEC",
        "--init",
        "my.safetensors",
        "--out",
        "new.safetensors",
        "--dry-run",
    ),
)
IMAGED = (
    ("predict", "stamps.fits", "--task", "photoz", *MODEL, "--out", "out.fits"),
    ("models", "my.safetensors"),
)


def bases(source):
    def shipped(name):
        return modelfile.small(source.joinpath("skycnn", "weights", f"{name}.safetensors").read_bytes())

    flux, image = shipped("photoz-sdss-flux"), shipped("photoz-csst-image")
    plain = catalogues.encoded(catalogues.table())
    return {
        "flux": Base({"cat.fits": plain, "my.safetensors": flux}, COMMANDS),
        "image": Base({"stamps.fits": stampfiles.own(), "my.safetensors": image}, IMAGED),
    }


def draw(rng, base, files, words):
    octets = files["my.safetensors"]
    if rng.random() < 0.1:
        return words, [["my.safetensors", *mutation.some_bytes(rng, 4000)]]
    return words, [["my.safetensors", *modelfile.some_leaf(rng, octets)] for _ in range(1 if rng.random() < 0.8 else 2)]
