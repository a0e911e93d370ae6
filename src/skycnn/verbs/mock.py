"""mock: what a task simulates as a survey would see it, with its truth, written to files."""

import hashlib
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import version
from typing import Any

from skycnn import __version__
from skycnn.errors import InputError, RunError, counted
from skycnn.files.pixelstore import memory_left
from skycnn.fits.output import Output, compression_of
from skycnn.fits.provenance import Record, now
from skycnn.fits.scenefolder import SceneFolder
from skycnn.fits.source import parse
from skycnn.mockfiles.blockvalues import values
from skycnn.mockfiles.mockplan import ALL as ALL
from skycnn.mockfiles.mockplan import Options as Options
from skycnn.mockfiles.mockplan import plan
from skycnn.mockfiles.scenefiles import SceneFiles
from skycnn.network.inference import out_of_memory
from skycnn.report import mockfigures
from skycnn.report.mockfigures import PreviewRows
from skycnn.schema import Column
from skycnn.simulate.mocks import LAST, Mocks
from skycnn.simulate.recipe import Recipe
from skycnn.stamps.stampfile.mockfile import Layout, MockFile, columns_of
from skycnn.task import Mock

Say = Callable[[str], None]
Progress = Callable[[int, int], None]

CREATOR = {"CREATOR": f"skycnn {__version__}"}
VERSIONS = ("skycnn", "numpy", "torch")
STAMPS_RATE, FLUXES_RATE, SCENE_RATE = 200.0, 20_000.0, 1e6
"""Objects a second and CPU, for estimates: seven bands of 32x32 pixels, and no pixels; pixels of a scene's band."""

WIDEST = 32_768
"""Pixels along an edge of a scene."""

WORKED = 1.1
"""Memory that a scene takes, in units of its pixels': these, and objects and patches in work."""


@dataclass(frozen=True)
class Result:
    """What a run did, or would do: the numbers behind its last line and its ``--json``."""

    task: str
    survey: str
    selection: str
    bands: Sequence[str]
    seed: int
    rows: int
    side: int
    pixel_scale: float
    files: Mapping[str, str | None]
    disk_bytes: int
    estimate_seconds: float
    columns: Sequence[str]
    options: Mapping[str, float | int | str]
    backgrounds: Mapping[str, Any] | None = None
    scene: tuple[int, int] | None = None
    drawn: int | None = None
    resumed: int = 0
    seconds: float = 0.0
    rate: float | None = None
    versions: Mapping[str, str] = field(default_factory=lambda: {name: version(name) for name in VERSIONS})


@dataclass(frozen=True)
class Written:
    """Candidates drawn, rows taken over from a killed run, and some rows to look at."""

    drawn: int
    resumed: int
    sample: PreviewRows


def mock(options: Options, say: Say = lambda _: None, progress: Progress | None = None) -> Result:
    """Make mocks and write them to a file.

    Parameters
    ----------
    options : Options
        What to do.
    say : callable
        Receives notes, one line each.
    progress : callable, optional
        Receives rows done and rows in all.

    Returns
    -------
    Result

    Raises
    ------
    InputError
        Before the first write: bad input, or an output that exists.
    RunError
        The run failed; no file is there that was not there before, and none is changed. For the files of a scene see
        `scenefolder.together`: a signal between their renames is the one exception.
    """
    started = time.monotonic()
    try:
        made, recipe = plan(options)
        result = (_stamps if options.scene is None else _scene)(options, made, recipe, say, progress)
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        hint = "Lower --threads, or ask for fewer --bands, or a smaller --scene or --size."
        raise RunError("out of memory", hint=hint) from error
    if options.dry_run:
        return result
    seconds = time.monotonic() - started
    return replace(result, seconds=seconds, rate=None if result.scene else (result.rows - result.resumed) / seconds)


def _stamps(options: Options, made: Mock, recipe: Recipe, say: Say, progress: Progress | None) -> Result:
    """Make a file of stamps, or a catalogue of fluxes."""
    if options.number is None or not 1 <= options.number <= LAST:
        hint = "Another --seed gives other objects to another file." if (options.number or 0) > LAST else None
        raise InputError("-n is no number of objects", value=options.number, expected=f"1 to {LAST}", hint=hint)
    output = Output(parse("-"), options.out, overwrite=options.overwrite)  # there is no input
    if compression_of(options.out) and not options.fluxes_only:
        hint = "Take the ending away, or give --fluxes-only."
        raise InputError(
            f"--out {options.out} would be an archive, and stamps in one cannot be read one by one", hint=hint
        )
    quoted = made.measured and options.fluxes_only and made.observed is not None and made.observed(recipe.survey)
    for name, value in {"--psf": options.psf or None, "--size": options.size, "--noise": options.noise}.items():
        if quoted and value is not None:
            what = f"{name} has no effect: fluxes alone of {recipe.survey.name} are as its catalogue has them"
            raise InputError(what, hint=f"Leave out {name}, or --fluxes-only for fluxes measured on stamps.")
    if options.preview is not None:
        mockfigures.check(options.preview, options.overwrite, output.path)
    side = 0 if options.fluxes_only else recipe.side
    columns = columns_of(
        recipe.bands, made.columns, made.catalogue, stamps=bool(side), aperture=not quoted, measured=made.measured
    )
    facts = {**recipe.facts(), **CREATOR, "BUNIT": "uJy" if side else None}
    layout = Layout(options.number, recipe.bands, columns, side, facts)
    record = _record(options, recipe, columns)
    result = Result(
        **_plain(options, recipe, columns),
        rows=options.number,
        side=side,
        files={"output": output.label, "preview": options.preview},
        disk_bytes=layout.size(record),
        estimate_seconds=options.number / options.threads / (STAMPS_RATE if side else FLUXES_RATE),
    )
    if recipe.backgrounds is not None:
        say(recipe.backgrounds.line)
    for warning in () if quoted else recipe.warnings():
        say(f"warning: {warning}")
    if options.dry_run:
        return result
    with output.locked(options.wait):
        output.prepare(resume=True)
        done = _write(output, layout, record, recipe, options, say, progress)
    if options.preview is not None:
        title = f"{options.task} mocks: {recipe.survey.name}, {recipe.selection}, seed {recipe.seed}"
        mockfigures.draw(options.preview, done.sample, made.shown, recipe.pixel_scale, title)
    return replace(result, drawn=done.drawn, resumed=done.resumed)


def _plain(options: Options, recipe: Recipe, columns: Sequence[Column]) -> dict[str, Any]:
    """Return what results tell of stamps, fluxes and scenes alike."""
    return {
        "task": options.task,
        "survey": recipe.survey.name,
        "selection": recipe.selection,
        "bands": recipe.bands,
        "seed": recipe.seed,
        "pixel_scale": recipe.pixel_scale,
        "options": recipe.options,
        "backgrounds": recipe.backgrounds and recipe.backgrounds.facts,
        "columns": [column.name for column in columns],
    }


def _record(options: Options, recipe: Recipe, columns: Sequence[Column]) -> Record:
    settings = {
        "survey": recipe.survey.name,
        "bands": recipe.bands,
        "psf": dict(options.psf),
        "backgrounds": dict(options.backgrounds),
        "avoid": options.avoid,
        "radec": options.radec,
        "xy": options.xy,
        "where": options.where,
        "noise": str(recipe.noise),
        "number": options.number,
        "scene": options.scene,
        "seed": recipe.seed,
        "selection": recipe.selection,
        "side": None if options.fluxes_only else recipe.side,
        "fluxes_only": options.fluxes_only,
        "options": recipe.options,
    }
    return Record(
        version=__version__,
        verb="mock",
        task=options.task,
        time=now(),
        command=options.command,
        model="none",
        model_sha256="",
        columns=tuple(column.name for column in columns),
        used=(),
        input_sha256="",
        options={name: value for name, value in settings.items() if value},
    )


def _scene(options: Options, made: Mock, recipe: Recipe, say: Say, progress: Progress | None) -> Result:
    """Make a scene: an image a band and a catalogue, each a file of a folder."""
    shape, bands = options.scene or (0, 0), recipe.bands
    density = _check_scene(options, made, recipe, shape)
    folder = SceneFolder(options.out, bands, overwrite=options.overwrite)
    columns = columns_of(bands, made.columns, stamps=False)
    files = SceneFiles(recipe, density, shape, columns, CREATOR, partial(_record, options, recipe))
    result = Result(
        **_plain(options, recipe, files.columns),
        rows=0,
        side=0,
        files={"output": options.out, **dict(zip((*bands, "catalogue"), folder.paths, strict=True))},
        disk_bytes=sum(files.sizes),
        estimate_seconds=math.prod(shape) * len(bands) / SCENE_RATE / options.threads,
        scene=shape,
    )
    for warning in recipe.warnings():
        say(f"warning: {warning}")
    if options.dry_run:
        return result
    identity = _identity(options, recipe, _record(options, recipe, files.columns))
    rows = files.write(folder, options.threads, options.wait, identity, say, progress)
    return replace(result, rows=rows, drawn=files.drawn)


def _check_scene(options: Options, made: Mock, recipe: Recipe, shape: tuple[int, int]) -> float:
    """See that there can be such a scene, and return the objects a square arcminute."""
    given = {"-n": options.number, "--fluxes-only": options.fluxes_only or None, "--preview": options.preview}
    for name, value in given.items():
        if value is not None:
            raise InputError(f"{name} does not go with --scene", hint="A scene has as many objects as the sky.")
    if recipe.selection != ALL or made.density is None or not made.measured:
        why = "is none of the whole sky"
        if made.density is None or not made.measured:
            why = "has no density on the sky" if made.density is None else "is not measured"
        raise InputError(f"what {options.task} simulates {why}: there are no scenes of it", value=recipe.selection)
    asked = f"{shape[0]},{shape[1]}"
    if not all(recipe.side <= edge <= WIDEST for edge in shape):
        raise InputError(
            "--scene is no size of a field", value=asked, expected=f"W,H of {recipe.side} to {WIDEST} pixels"
        )
    needed, left = WORKED * 4 * math.prod(shape) * len(recipe.bands), memory_left()
    if needed > left:
        what = f"--scene {asked} takes {needed / 1e9:.1f} GB of memory in {len(recipe.bands)} bands"
        raise InputError(f"{what}, and {left / 1e9:.1f} GB are left", hint="Make a smaller one, or fewer --bands.")
    return made.density()


def _write(
    output: Output,
    layout: Layout,
    record: Record,
    recipe: Recipe,
    options: Options,
    say: Say,
    progress: Progress | None,
) -> Written:
    """Make and write the rows that no killed run has written."""
    made, sample, done, drawn, before = Mocks(recipe), PreviewRows(recipe.bands), 0, 0, list[int]()
    with MockFile(output, layout, record, _identity(options, recipe, record)) as file:
        if file.discarded:
            say("the journal of another run was found and thrown away")
        for held in file.held():
            sample.add(held.values, held.pixels)
            before.append(len(held.values["ID"]))
            done, drawn = done + before[-1], held.end
        if resumed := done:
            say(f"taken over from an earlier run: {counted(resumed, 'row')}")
        stamps = bool(layout.side)
        with made.blocks(layout.rows, options.threads, stamps=stamps, before=before) as blocks:
            for block in blocks:
                columns = values(block, done, layout.bands, layout.columns)
                file.write(columns, block.pixels, block.end)
                sample.add(columns, block.pixels)
                done, drawn = done + len(block.row), block.end
                if progress is not None:
                    progress(done, layout.rows)
        file.finish(drawn)
    return Written(drawn, resumed, sample)


def _identity(options: Options, recipe: Recipe, record: Record) -> dict[str, Any]:
    """Return what the rows depend on, so that a killed run is taken over by none but the same."""
    paths = [parse(name).path for name in (*options.psf.values(), *options.backgrounds.values())]
    files = [[stat.st_size, stat.st_mtime_ns] for stat in map(os.stat, paths)]
    versions = {name: version(name) for name in VERSIONS}
    survey = hashlib.sha256(repr(recipe.survey).encode()).hexdigest()
    task = {"task": record.task, "options": record.options, "device": recipe.device}
    return {**task, "files": files, "versions": versions, "survey": survey}
