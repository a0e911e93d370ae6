"""Catalogues that hold answers and their record: its HISTORY, the answers, the rows behind them; and journals."""

import signal

from .. import mutation, values
from ..case import Base
from ..values import pick
from . import catalogues

PREDICT = ("predict", "cat.fits", "--task", "photoz", "--model", "photoz-sdss-flux")
COMMANDS = (
    PREDICT,
    (*PREDICT, "--only-new"),
    (*PREDICT, "--overwrite"),
    (*PREDICT, "--only-new", "--provenance", "run.json"),
    (*PREDICT, "--dry-run"),
    (*PREDICT, "--out", "out.fits", "--only-new"),
    ("score", "cat.fits", "--task", "photoz", "--truth", "Z_SPEC", "--baselines", "none"),
    ("score", "cat.fits", "--task", "photoz", "--baselines", "median,knn", "--where", "Z_SPEC > 0.1", "--json"),
    ("score", "cat.fits", "--task", "photoz", "--group", "FLAGS", "--by", "Z_SPEC:0:1:2", "--baselines", "none"),
    ("train", "cat.fits", "--task", "photoz", "--truth", "Z_SPEC", "--out", "my.safetensors", "--dry-run"),
)
JOURNAL = "-journal"
LINES = (
    "skycnn  0.1.0 predict photoz 2026-11-29T05:22:31Z", "end     skycnn", "model   photoz-sdss-flux", "used    []",
    "columns Z_PHOT Z_PHOT_LO", "options {", 'options {"bands": 3}', "options []",
    "used    [1, null]", "used    {}", "input = &", "model = sha256:",
    "&", "used    modelMag_u=", "command skycnn predict &", "        ", "rows 0:99999999999999999999", "seed    nan",
)  # fmt: skip


def bases(source):
    plain = catalogues.encoded(catalogues.table(), checksum=True)
    answer = {"words": PREDICT}
    killed = {"words": PREDICT, "code": -signal.SIGXFSZ, "largest": len(plain)}  # while the longer file is written
    return {
        "answered": Base({"cat.fits": plain}, COMMANDS, (answer,)),
        "vectors": Base({"cat.fits": plain}, COMMANDS, ({"words": (*PREDICT, "--pdf")},)),
        "killed": Base({"cat.fits": plain}, (PREDICT, (*PREDICT, "--dry-run")), (killed,)),
    }


def draw(rng, base, files, words):
    if base == "killed":
        name = next(name for name in files if name.endswith(JOURNAL))
        made = [mutation.some_bytes(rng, len(files[name])) for _ in range(int(rng.integers(1, 4)))]
        return words, [[name, *change] for change in made]
    unit = mutation.units(files["cat.fits"])[1]
    lines = [number for number, entry in enumerate(unit.cards) if entry[:8] == b"HISTORY "]
    made = []
    for _ in range(int(rng.integers(0, 4))):
        made.append(["line", 1, pick(rng, lines), pick(rng, [*LINES, "drop", "double", "flip"])])
    names = catalogues.cards(27) | {f"TCOMM{number}": ("", "x", "photoz-sdss-flux 0", "%s") for number in range(20, 26)}
    if not made or rng.random() < 0.4:
        made += mutation.some_fits(rng, files["cat.fits"], names, first=1, shares=(0.6, 0.35, 0.05))
    if rng.random() < 0.2:  # another tool has appended rows of zeros
        rows, wide = int(unit.value("NAXIS2")), int(unit.value("NAXIS1"))
        more = int(rng.integers(1, 4))
        text = values.card("NAXIS2", str(rows + more)).decode()
        made += [["set", 1, "NAXIS2", text], ["grow", 1, rows * wide, more * wide]]
    return words, [["cat.fits", *change] for change in made]


def wrong(tried, outcome, cases):
    """Return whether a run resumed from a damaged journal wrote other bytes than one that was never stopped."""
    if tried.base != "killed" or outcome.code or "--dry-run" in tried.words:
        return []
    same = outcome.after["cat.fits"] == cases.sound("answered")["cat.fits"]
    return [] if same else ["rows: the journal brought other answers"]
