"""Survey files: leaves of TOML, lines, bytes."""

from .. import mutation, tomltext
from ..case import Base
from . import catalogues

SURVEY = ("--task", "photoz", "--survey", "my.toml")
COMMANDS = (
    ("predict", "cat.fits", *SURVEY, "--dry-run"),
    ("predict", "cat.fits", *SURVEY, "--model", "photoz-sdss-flux", "--out", "out.fits"),
    ("train", "cat.fits", *SURVEY, "--truth", "Z_SPEC", "--out", "my.safetensors", "--dry-run"),
    ("mock", *SURVEY, "-n", "2", "--seed", "1", "--out", "mock.fits", "--dry-run"),
)
DRAWN = (("mock", *SURVEY, "-n", "1", "--seed", "1", "--bands", "g,r,i", "--out", "mock.fits"),)


def bases(source):
    def shipped(name):
        return source.joinpath("skycnn", "surveys", f"{name}.toml").read_bytes().replace(name.encode(), b"my")

    plain = catalogues.encoded(catalogues.table())
    return {
        "sdss": Base({"cat.fits": plain, "my.toml": shipped("sdss")}, COMMANDS),
        "csst": Base({"cat.fits": plain, "my.toml": shipped("csst")}, (*COMMANDS, *DRAWN)),
    }


def draw(rng, base, files, words):
    octets = files["my.toml"]
    if rng.random() < 0.15:
        return words, [["my.toml", *mutation.some_bytes(rng, len(octets))]]
    return words, [["my.toml", *tomltext.some_leaf(rng, octets)] for _ in range(int(rng.integers(1, 4)))]
