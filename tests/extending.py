"""A run as `predict` makes it, but with answers that are made up from the rows, without a network."""

import hashlib

import numpy as np

from skycnn.files import safefile
from skycnn.fits.catalogue import Catalogue
from skycnn.fits.extension import Extension
from skycnn.fits.output import Output
from skycnn.fits.provenance import Record, now
from skycnn.fits.source import parse
from skycnn.schema import estimate, flag_column

COLUMNS = (*estimate("Z_PHOT", "", "src.redshift.phot", "photometric redshift"), flag_column("Z_PHOT"))
USED = ("u", "err_u")


def answers(columns, values, first):
    """Return a value for each row that depends on its photometry alone."""
    u = values["u"].astype(np.float32)
    found = {column.name: u[:, None] * np.ones(column.width) + i for i, column in enumerate(columns[:-1])}
    return found | {columns[-1].name: np.zeros(len(u), np.int32)}


def record(columns, used=USED, **more):
    content = {
        "version": "1",
        "verb": "predict",
        "task": "photoz",
        "time": now(),
        "command": "skycnn predict",
        "model": "made-up",
        "model_sha256": "0123456789abcdef" * 4,
        "columns": tuple(column.name for column in columns),
        "used": used,
        "input_sha256": "",
        "options": {},
    }
    return Record(**content | more)


def extend(
    text, columns=COLUMNS, *, out=None, overwrite=False, decompress=False, detach=False, wait=0.0, model=None,
    answer=answers, options=None, **settings,
):  # fmt: skip
    """Extend a catalogue; return the number of rows answered now, or None where nothing was to be done."""
    spec = parse(str(text))
    output = Output(spec, None if out is None else str(out), overwrite=overwrite, detach=detach)
    more = ({"model_sha256": model} if model else {}) | ({"options": options} if options else {})
    with output.locked(wait):
        output.prepare()
        with Catalogue.open(
            spec, holds=lambda fields, _: any(f.name == "u" for f in fields), decompress=decompress
        ) as cat:
            cat.check_extensible()
            extension = Extension(cat, columns, overwrite=overwrite, **settings)
            mine = record(columns, **more)
            if extension.is_written(mine):
                extension.copy(output)
                return None
            answered, total, written = 0, hashlib.sha256(), hashlib.sha256()
            with (
                extension.journalled(output, {"model": mine.model_sha256}) as journal,
                extension.begun(output) as target,
            ):
                with safefile.writing(output.label):
                    for chunk in extension.chunks(USED, journal, total):
                        if not chunk.held:
                            found = {} if chunk.values is None else answer(columns, chunk.values, chunk.first)
                            journal.put(chunk.first, chunk.digest, extension.merged(chunk, found))
                            answered += int((chunk.run & ~chunk.kept).sum())
                        written.update(journal.rows(chunk.first, chunk.first + len(chunk.run)).data)
                hashes = {"input_sha256": total.hexdigest(), "answers_sha256": written.hexdigest()}
                hashes["input_sha256"] = "" if extension.unseen else hashes["input_sha256"]
                extension.write(target, journal, record(columns, **more, **hashes, counts={"rows": cat.rows}))
            return answered
