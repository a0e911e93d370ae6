"""Histories of a catalogue at random: other programs append, delete, reorder, change and rewrite it, `predict` follows.

Each row is answered from nothing in a table of its own too: what a run leaves unmarked must be that answer, what it
marks must not be. `make histories` runs thousands; `test_histories.py` a fixed few.
"""

import argparse
import os
import re
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import fitsio
import numpy as np
from astropy.io import fits
from astropy.table import Table, vstack

from sdsslike import BANDS, table, write
from skycnn.errors import InputError, Interrupted
from skycnn.files.journal import Journal
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.oldanswers import ABSOLUTE, RELATIVE
from skycnn.network import inference
from skycnn.schema import NOT_RUN, Flag
from skycnn.verbs import predict as verb

TASK = "standin"
PHOTOMETRY = [f"{stem}_{band}" for band in BANDS for stem in ("modelMag", "modelMagErr")]
ANSWERS = ["Z_PHOT", "Z_PHOT_LO", "Z_PHOT_HI", "Z_PHOT_ODDS", "Z_PHOT_FLAG"]
OTHER = int(Flag.OTHER_PHOTOMETRY)
SEQUENCES, SEED, STEPS = 2000, 1, 8
OTHERS = (
    *("astropy_append", "astropy_append_filled", "astropy_append_answered", "fitsio_append", "delete", "reorder"),
    *("change", "change_back", "change_answers", "blank", "fitsio_rewrite", "stilts_like", "scaled", "widened"),
    *("zero_point", "lower_case"),
)
RUNS = ("only_new", "only_new", "only_new_killed", "only_new_some", "overwrite_some", "plain", "overwrite")
SCALE, ZERO = 0.002, 20.0
ROWS = 12
"""Rows of a new catalogue at most; chunks of 8 rows and batches of 4 make many borders of them."""


def small(patch=setattr):
    """Make chunks and batches small; ``patch`` sets an attribute."""
    patch(Catalogue.packed_chunks, "__defaults__", (None, 8))
    patch(inference, "BATCH", {**inference.BATCH, "cpu": 4})


class Answers:
    """The answer of each photometry, from nothing."""

    def __init__(self, folder):
        self.path, self.known = folder / "nothing.fits", {}

    def of(self, rows):
        """Return the answers (n, 5) of photometry (n, 10)."""
        new = list({row.tobytes(): row for row in rows if row.tobytes() not in self.known}.values())
        if new:
            content = np.zeros(len(new), [(name, ">f8") for name in PHOTOMETRY])
            for name, values in zip(PHOTOMETRY, np.array(new).T, strict=True):
                content[name] = values
            write(self.path, content)
            verb.predict(str(self.path), verb.Options(task=TASK))
            with Catalogue.open(str(self.path)) as opened:
                found = opened.read(ANSWERS)
            self.known |= {row.tobytes(): found_ for row, found_ in zip(new, stacked(found), strict=True)}
        return np.array([self.known[row.tobytes()] for row in rows]).reshape(-1, len(ANSWERS))


def stacked(columns):
    return np.stack([np.asarray(columns[name], float) for name in columns], 1)


def close(a, b, slack):
    return np.isclose(a, b, slack * RELATIVE, slack * ABSOLUTE, equal_nan=True)


@dataclass
class History:
    """One catalogue and what happens to it.

    ``wrong`` holds a sentence for each time that a run was wrong.
    """

    folder: Path
    answers: Answers
    seed: int
    steps: list = field(default_factory=list)
    wrong: list = field(default_factory=list)

    def __post_init__(self):
        self.rng = np.random.default_rng([SEED, self.seed])
        self.path = self.folder / "cat.fits"
        self.next_id, self.spare, self.refusal = 0, None, ""
        write(self.path, self.fresh(int(self.rng.integers(1, ROWS))))

    def fresh(self, n):
        """Return new rows, some without a band, some without any."""
        rows = table(n, seed=int(self.rng.integers(2**31)))
        rows["OBJID"] = self.next_id + np.arange(n)
        self.next_id += n
        for i in range(n):
            for band in self.rng.permutation(list(BANDS))[: self.rng.choice([0, 0, 0, 1, 2, 5])]:
                rows[f"modelMag_{band}"][i] = self.rng.choice([-99.0, np.nan, 99.0])
        return rows

    # What other programs do

    def read(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = Table.read(self.path, hdu=1)
        usual = {name.lower(): name for name in (*ANSWERS, *PHOTOMETRY, "OBJID")}
        for name in content.colnames:
            content.rename_column(name, usual[name.lower()])
        return content

    def put(self, content):
        for name in [name for name in content.meta if name.startswith(("TUCD", "TCOMM"))]:
            del content.meta[name]  # astropy takes TUCD7 for the table's own, and hands it to whatever is column 7 then
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content.write(self.path, overwrite=True)

    def astropy_append(self):
        """Rows without answers: masked, then NaN and a null of astropy's own."""
        self.put(vstack([self.read(), Table(self.fresh(3))], metadata_conflicts="silent"))

    def astropy_append_filled(self):
        """Rows whose null is a number, as `filled` makes them."""
        joined = vstack([self.read(), Table(self.fresh(2))], metadata_conflicts="silent")
        fill = self.rng.choice([0, -99, -1, 999999, 1e20])
        for name in set(ANSWERS) & set(joined.colnames):
            if hasattr(joined[name], "filled"):
                number = fill if joined[name].dtype.kind == "f" else np.clip(fill, -(2**31), 2**31 - 1)
                joined[name] = joined[name].filled(joined[name].dtype.type(number))
        self.put(joined)

    def astropy_append_answered(self):
        """Rows of another catalogue, answered there by this model, or by another whose name is lost."""
        other = self.folder / "other.fits"
        write(other, self.fresh(3))
        verb.predict(str(other), verb.Options(task=TASK))
        rows = Table.read(other, hdu=1)
        if self.rng.random() < 0.5:
            for name in ANSWERS[:3]:
                rows[name] = (rows[name] + 0.125).astype("f4")
        content = self.read()
        if "Z_PHOT" in content.colnames and self.rng.random() < 0.5:
            rows.meta.clear()
        self.put(vstack([content, rows], metadata_conflicts="silent"))

    def fitsio_append(self):
        """Rows that are zero where nothing is given."""
        more = self.fresh(3)
        with fitsio.FITS(str(self.path), "rw") as file:
            kind = file[1].get_rec_dtype()[0]
            whole = np.zeros(len(more), kind)
            there = {name.lower(): name for name in kind.names}
            with np.errstate(invalid="ignore"):  # a float of 1e20 into a column of integers
                for name in more.dtype.names:
                    whole[there[name.lower()]] = more[name]
            file[1].append(whole)

    def delete(self):
        content = self.read()
        keep = self.rng.random(len(content)) < 0.7
        keep[self.rng.integers(len(content))] = True
        self.put(content[keep])

    def reorder(self):
        content = self.read()
        self.put(content[self.rng.permutation(len(content))])

    def change(self):
        """Other photometry in some rows; sometimes the old one comes back later."""
        content = self.read()
        name = f"modelMag_{self.rng.choice(list(BANDS))}"
        some = self.rng.random(len(content)) < 0.3
        self.spare = (name, np.array(content["OBJID"])[some], np.array(content[name])[some])
        content[name][some] = np.where(self.rng.random(some.sum()) < 0.2, -99, content[name][some] + 0.5)
        self.put(content)

    def change_back(self):
        if self.spare is None:
            return
        content = self.read()
        name, ids, values = self.spare
        old = dict(zip(ids.tolist(), values.tolist(), strict=True))
        content[name] = [old.get(int(i), v) for i, v in zip(content["OBJID"], content[name], strict=True)]
        self.put(content)

    def change_answers(self):
        """Numbers of a user's own, or the answers of another row."""
        content = self.read()
        if "Z_PHOT" not in content.colnames:
            return
        if self.rng.random() < 0.5:
            content["Z_PHOT"][self.rng.integers(len(content))] = 0.25
        else:
            order = self.rng.permutation(len(content))
            for name in ANSWERS:
                content[name] = content[name][order]
        self.put(content)

    def blank(self):
        """Answers taken out, in one of the ways to do it."""
        content = self.read()
        if "Z_PHOT" not in content.colnames:
            return
        row, way = self.rng.integers(len(content)), self.rng.integers(3)
        for name in ANSWERS[:4]:
            content[name][row] = np.nan if way < 2 else 0
        content["Z_PHOT_FLAG"][row] = (NOT_RUN, 0, 0)[way]
        self.put(content)

    def fitsio_rewrite(self):
        """The null of the flag is lost, all else stays."""
        data, header = fitsio.read(str(self.path), ext=1, header=True)
        records = [r for r in header.records() if r["name"] == "HISTORY"]
        fitsio.write(str(self.path), data, clobber=True)
        with fitsio.FITS(str(self.path), "rw") as file:
            for record in records:
                file[1].write_history(str(record["value"]))

    def stilts_like(self):
        """Columns in another order and case, a null of its own, photometry in double precision or scaled."""
        with fits.open(self.path, memmap=False) as units:
            data, history = units[1].data, [str(line) for line in units[1].header.get("HISTORY", [])]
            nulls = {c.name: c.null for c in units[1].columns}
            columns = []
            for name in self.rng.permutation(data.names):
                values, more = np.array(data.field(name)), {}
                if name.lower().startswith("modelmag") and values.dtype.kind == "f" and self.rng.random() < 0.3:
                    values = values.astype(">f8")
                if name.upper() == "Z_PHOT_FLAG":
                    null = -2147483648
                    values = np.where(values == (NOT_RUN if nulls[name] is None else nulls[name]), null, values)
                    more = {"null": null}
                told = name.lower() if name.upper() in ANSWERS and self.rng.random() < 0.3 else name
                form = {"f4": "E", "f8": "D", "i4": "J", "i8": "K"}[values.dtype.str[1:]]
                columns.append(fits.Column(told, form, array=values.astype(f"={values.dtype.str[1:]}"), **more))
            unit = fits.BinTableHDU.from_columns(columns)
            for line in history:
                unit.header["HISTORY"] = line
        write(self.path, unit)

    def scaled(self):
        """Magnitudes as scaled integers with a null: rounded, so that some answers are those of other photometry."""
        content, band = fits.getdata(self.path, 1), f"modelMag_{self.rng.choice(list(BANDS))}"
        with fits.open(self.path, memmap=False) as units:
            history, columns = [str(line) for line in units[1].header.get("HISTORY", [])], []
            for column in units[1].columns:
                values = np.array(units[1].data.field(column.name))
                if column.name.lower() == band.lower():
                    seen = np.abs(values) < 1e6  # 1e20 is no magnitude, nor has an integer room for it
                    whole = np.where(seen, np.round((np.where(seen, values, 0) - ZERO) / SCALE), -(2**31))
                    columns.append(fits.Column(column.name, "J", array=whole.astype("i4")))
                elif column.null is None and values.dtype.kind == "f":
                    columns.append(fits.Column(column.name, "ED"[values.dtype.itemsize // 8], array=values))
                else:
                    columns.append(fits.Column(column.name, column.format, array=values, null=column.null))
            unit = fits.BinTableHDU.from_columns(columns)
            number = [name.lower() for name in content.names].index(band.lower()) + 1
            for name, value in (("TSCAL", SCALE), ("TZERO", ZERO), ("TNULL", -(2**31))):
                unit.header[f"{name}{number}"] = value
            for line in history:
                unit.header["HISTORY"] = line
        write(self.path, unit)

    def zero_point(self):
        """Another zero point of scaled magnitudes that were answered: not a byte of the rows changes."""
        self.scaled()
        self.predict(only_new=True)
        content = self.path.read_bytes()
        card = re.search(rb"TZERO\d+ *= *" + f"{ZERO:.1f}".encode(), content)
        if card is None:
            raise ValueError("there is no TZERO")
        told = card[0].replace(f"{ZERO:.1f}".encode(), f"{ZERO + 0.5:.1f}".encode())
        self.path.write_bytes(content[: card.start()] + told + content[card.end() :])

    def lower_case(self):
        """All names in lower case."""
        content = self.read()
        for name in content.colnames:
            content.rename_column(name, name.lower())
        self.put(content)

    def widened(self):
        """An answer in another type is refused, and the table stays as it is; then its writer repents."""
        before, content = self.path.read_bytes(), self.read()
        if "Z_PHOT" not in content.colnames:
            return
        name, kind = (("Z_PHOT", "f8"), ("Z_PHOT_FLAG", "i8"), ("Z_PHOT_FLAG", "f4"))[self.rng.integers(3)]
        content[name] = content[name].astype(kind)
        self.put(content)
        for only_new in (True, False):
            if self.predict(only_new=only_new) is not None:
                self.fault(f"{name} of type {kind} was taken for ours")
        self.path.write_bytes(before)

    # What skycnn does

    def predict(self, **options):
        """Run `predict`; return its result, None where it refused."""
        before = self.path.read_bytes()
        try:
            return verb.predict(str(self.path), verb.Options(task=TASK, **options))
        except InputError as error:
            if self.path.read_bytes() != before:
                self.fault(f"refused, and wrote: {error}")
            self.refusal = str(error)
            return None

    def only_new(self):
        self.judge(self.predict(only_new=True), sure=True)

    def only_new_killed(self):
        """The run is stopped at its second chunk, and goes on."""
        put, seen = Journal.put, []

        def stopped(journal, first, *args):
            put(journal, first, *args)
            seen.append(first)
            if len(seen) == 2:
                raise Interrupted(15)

        Journal.put = stopped
        try:
            self.predict(only_new=True)
        except Interrupted:
            pass
        finally:
            Journal.put = put
        self.only_new()

    def only_new_some(self):
        """Answers of rows outside are neither looked at nor certified."""
        self.predict(only_new=True, rows=self.some())

    def overwrite_some(self):
        self.predict(overwrite=True, rows=self.some())

    def overwrite(self):
        self.judge(self.predict(overwrite=True), sure=True, clean=True)

    def plain(self):
        self.judge(self.predict(), clean=True)

    def some(self):
        with Catalogue.open(str(self.path)) as opened:
            first = int(self.rng.integers(opened.rows))
            return first, int(self.rng.integers(first, opened.rows + 1))

    def fault(self, text):
        self.wrong.append(f"history {self.seed}: {' '.join(self.steps)}: {text}")

    def judge(self, result, *, sure=False, clean=False):
        """See that every row has the answer of its photometry, or, unless ``clean``, is marked for it."""
        if result is None:
            if sure:
                self.fault(f"refused: {self.refusal}")
            return
        with Catalogue.open(str(self.path)) as opened:
            photometry = stacked(opened.read(PHOTOMETRY))
            found = opened.read(ANSWERS)
            null = opened.column("Z_PHOT_FLAG").null
        flag = np.asarray(found["Z_PHOT_FLAG"])
        unrun = np.isnan(flag) | (flag == NOT_RUN) if null is not None else flag == NOT_RUN
        if unrun.any():
            self.fault(f"{unrun.sum()} rows unanswered")
            return
        flag = flag.astype(int)
        found["Z_PHOT_FLAG"] = flag & ~OTHER
        got, right, marked = stacked(found), self.answers.of(photometry), flag & OTHER != 0
        if not close(got, right, 2)[~marked].all():
            self.fault(f"{(~close(got, right, 2).all(1) & ~marked).sum()} answers are not those of their rows")
        if close(got, right, 0.5).all(1)[marked].any():
            self.fault("answers are marked that are those of their rows")
        if marked.sum() != result.other_photometry or (clean and marked.any()):
            self.fault(f"{marked.sum()} rows are marked, {result.other_photometry} were told")

    def run(self, steps=STEPS):
        """Begin with an answered catalogue, or not; end with a run that must leave no doubt."""
        for _ in range(steps):
            self.step(str(self.rng.choice(RUNS if self.rng.random() < 0.4 else OTHERS)))
        self.step("only_new")
        self.step("plain")
        return self.wrong

    def step(self, name):
        self.steps.append(name)
        getattr(self, name)()


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sequences", type=int, default=SEQUENCES)
    options.add_argument("--first", type=int, default=0)
    asked = options.parse_args()
    from conftest import TASK as TEXT
    from conftest import _model
    from skycnn import tasks

    small()
    started, wrong = time.monotonic(), []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "standin.py").write_text(TEXT)
        tasks.__path__.append(str(folder))
        os.environ["SKYCNN_MODELS"] = str(folder)
        _model(tasks.load(TASK), folder, "standin-sdss-flux", 0)
        answers = Answers(folder)
        steps = 0
        for seed in range(asked.first, asked.first + asked.sequences):
            history = History(folder, answers, seed)
            found = history.run()
            wrong += found
            steps += len(history.steps)
            for line in found:
                print(line, flush=True)
    told = f"{asked.sequences} sequences, {steps} steps, {len(answers.known)} rows answered from nothing"
    print(f"{told}; wrong answers: {len(wrong)} ({time.monotonic() - started:.0f} s)")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
