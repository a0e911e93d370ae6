"""Models as files: what is written is read again, and no file made to harm gets far."""

import dataclasses
import json
import os
import pickle
import re
import struct

import numpy as np
import pytest
from astropy.io import fits

from leaves import mutations
from sdsslike import snapshot, write
from skycnn import tasks
from skycnn.errors import InputError
from skycnn.network import model
from skycnn.network.answer import Answerer
from skycnn.network.card import card_of

NAME = "standin-sdss-flux"


@pytest.fixture
def sound(standin):
    return model.read(standin / f"{NAME}.safetensors")


def changed(sound, tensors=None, **card):
    """Return the bytes of a model whose card and tensors differ but agree with each other, hash included."""
    tensors = dict(sound.tensors) if tensors is None else tensors
    listed = {name: [str(array.dtype), list(array.shape)] for name, array in sorted(tensors.items())}
    content = dataclasses.asdict(sound.card) | {"tensors": listed} | card
    content["sha256"] = ""
    kept = {k: v for k, v in content.items() if k != "sha256" and (v or k != "adaptation")}
    plain = json.dumps(kept, sort_keys=True, separators=(",", ":"))
    content["sha256"] = model.digest(Plain(plain), tensors)
    return packed(tensors, {"card": json.dumps(content)})


class Plain:
    """A card that is nothing but its text, so that no check of ours stands before the hash."""

    def __init__(self, text):
        self.text = text

    def canonical(self):
        return self.text.encode()


def packed(tensors, metadata):
    """Return the bytes of a .safetensors file, put together by hand."""
    header, data = {"__metadata__": metadata} if metadata is not None else {}, b""
    kinds = {"float32": "F32", "float64": "F64", "float16": "F16", "int64": "I64", "int8": "I8"}
    for name, array in sorted(tensors.items()):
        octets = np.ascontiguousarray(array).tobytes()
        place = [len(data), len(data) + len(octets)]
        header[name] = {"dtype": kinds[str(array.dtype)], "shape": list(array.shape), "data_offsets": place}
        data += octets
    return framed(json.dumps(header).encode(), data)


def framed(header, data=b""):
    return struct.pack("<Q", len(header)) + header + data


def test_a_model_comes_back_as_it_was(sound, tmp_path):
    path = tmp_path / "copy.safetensors"
    path.write_bytes(model.encode(sound))
    again = model.read(path)
    assert again.card == sound.card == model.read_card(path)
    assert {name: array.tolist() for name, array in again.tensors.items()} == {
        name: array.tolist() for name, array in sound.tensors.items()
    }


def test_the_forger_s_tools_make_sound_models(sound, tmp_path):
    path = tmp_path / "forged.safetensors"
    path.write_bytes(changed(sound, licence="none"))
    assert model.read(path).card.licence == "none"


FORGED = {}


def forged(what):
    def register(function):
        FORGED[function.__name__] = (function, what)
        return function

    return register


def header_of(content):
    length = struct.unpack_from("<Q", content)[0]
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def reheaded(sound, change):
    header, data = header_of(model.encode(sound))
    change(header)
    return framed(json.dumps(header).encode(), data)


@forged("is empty")
def empty(sound):
    return b""


@forged("no intact .safetensors file")
def truncated(sound):
    content = model.encode(sound)
    return content[: len(content) // 2]


@forged("no intact .safetensors file")
def truncated_by_a_byte(sound):
    return model.encode(sound)[:-1]


@forged("no intact .safetensors file")
def longer_by_a_byte(sound):
    return model.encode(sound) + b"\0"


@forged("sha256 is not the one its card states; it was altered")
def a_flipped_bit_in_a_tensor(sound):
    content = bytearray(model.encode(sound))
    content[-3] ^= 1
    return bytes(content)


@forged("sha256 is not the one its card states; it was altered")
def a_changed_word_in_the_card(sound):
    return model.encode(sound).replace(b'\\"sdss\\"', b'\\"csst\\"', 1)


@forged("no intact .safetensors file")
def header_of_an_exbibyte(sound):
    return struct.pack("<Q", 1 << 60) + model.encode(sound)[8:]


@forged("no intact .safetensors file")
def header_that_is_no_json(sound):
    return framed(b"{" * 100)


@forged("no intact .safetensors file")
def header_nested_without_end(sound):
    return framed(b"[" * 1_000_000)


@forged("no intact .safetensors file")
def a_pickle(sound):
    return pickle.dumps(print)


@forged("no card: it is no model of skycnn")
def no_metadata(sound):
    return packed(sound.tensors, None)


@forged("no card: it is no model of skycnn")
def card_nested_without_end(sound):
    return packed(sound.tensors, {"card": "[" * 1_000_000})


@forged("no card: it is no model of skycnn")
def card_with_a_number_of_ten_thousand_digits(sound):
    return packed(sound.tensors, {"card": '{"seed": ' + "9" * 10_000 + "}"})


@forged("its card is no table of fields")
def card_that_is_a_list(sound):
    return packed(sound.tensors, {"card": "[1, 2]"})


@forged("its card is not one that this version reads")
def card_with_an_unknown_field(sound):
    return changed(sound, colour="red")


@forged("its card is incomplete")
def card_without_bands(sound):
    return packed(sound.tensors, {"card": json.dumps({"name": "x", "task": "standin", "network": "flux"})})


def _typed(**fields):
    (name,) = fields

    def make(sound):
        return changed(sound, **fields)

    FORGED[f"{name}_of_the_wrong_type"] = (make, rf"forged\.safetensors: its card's {name}.* is .*expected ")


_typed(name=["standin"])
_typed(bands="ugriz")
_typed(inputs=[1])
_typed(photometry=[])
_typed(dereddened=None)
_typed(settings=[1])
_typed(posterior="grid")
_typed(ranges={"r": "wide"})
_typed(seed="one")
_typed(learning_curve=3)


@forged("tensors are of a type that no network here has: layer.bias is float16")
def half_precision(sound):
    return changed(sound, {name: array.astype("f2") for name, array in sound.tensors.items()})


@forged("tensors are not those that its card lists")
def another_type_under_the_same_name(sound):
    def change(header):
        header["layer.bias"]["dtype"] = "I32"

    return reheaded(sound, change)


@forged("no intact .safetensors file|cannot be read")
def absurd_shape(sound):
    def change(header):
        header["layer.weight"]["shape"] = [1 << 40, 1 << 40]

    return reheaded(sound, change)


@forged("no intact .safetensors file|tensors are not those")
def overlapping_tensors(sound):
    def change(header):
        header["layer.bias"]["data_offsets"] = header["layer.weight"]["data_offsets"]

    return reheaded(sound, change)


@forged("tensors are not those that its card lists")
def one_tensor_too_many(sound):
    tensors = sound.tensors | {"extra": np.zeros(3, "f4")}
    return packed(tensors, {"card": json.dumps(dataclasses.asdict(sound.card))})


@forged(r"tensors do not fit the network: extra is float32 \[3\] .expected absent")
def one_tensor_too_many_with_a_card_to_it(sound):
    return changed(sound, sound.tensors | {"extra": np.zeros(3, "f4")})


@forged(r"tensors do not fit the network: layer.weight is float32 \[7, 7\] .expected float32 \[40, 10\]")
def another_shape_with_a_card_to_it(sound):
    return changed(sound, sound.tensors | {"layer.weight": np.zeros((7, 7), "f4")})


@forged("weights that are not finite, in layer.weight")
def not_a_number(sound):
    weight = sound.tensors["layer.weight"].copy()
    weight[0, 0] = np.nan
    return changed(sound, sound.tensors | {"layer.weight": weight})


@forged("for task 'starcluster', not 'standin'")
def for_another_task(sound):
    return changed(sound, task="starcluster")


@forged("needs NUV Y J H K")
def for_other_bands(sound):
    return changed(sound, bands=["NUV", "Y", "J", "H", "K"])


@forged("its card needs network 'transformer'")
def of_another_network(sound):
    return changed(sound, network="transformer")


@forged("asks for a network too large")
def settings_without_bound(sound):
    return changed(sound, settings={"depth": 1 << 40})


@forged("card does not fit this version: settings.hidden is 3 .expected one of bands, outputs")
def settings_that_are_unknown(sound):
    return changed(sound, settings={"hidden": 3})


@forged("card does not fit this version")
def posterior_of_another_kind(sound):
    return changed(sound, posterior={"axes": [{"column": 5}]})


@forged("card does not fit this version|do not fit the network")
def posterior_without_bound(sound):
    axis = dict(sound.card.posterior["axes"][0], bins=1 << 50)
    return changed(sound, posterior={"axes": [axis]})


@forged("describes a column that FITS cannot hold")
def column_that_breaks_out_of_its_card(sound):
    axis = dict(sound.card.posterior["axes"][0], column="Z'  / evil\nEND")
    return changed(sound, posterior={"axes": [axis]})


@forged("describes a column that FITS cannot hold")
def meaning_that_is_a_novel(sound):
    axis = dict(sound.card.posterior["axes"][0], meaning="word " * 100)
    return changed(sound, posterior={"axes": [axis]})


@forged(r"tensors do not fit the network: layer.weight is float64 \[40, 10\] .expected float32 \[40, 10\]")
def double_precision(sound):
    return changed(sound, sound.tensors | {"layer.weight": sound.tensors["layer.weight"].astype("f8")})


@forged(r"tensors do not fit the network: layer.bias is absent .expected float32 \[40\]")
def a_tensor_less(sound):
    return changed(sound, {"layer.weight": sound.tensors["layer.weight"]})


@forged("card does not fit this version: Z_PHOT: an axis lies between -1 and 1e.30")
def axis_whose_logarithm_there_is_not(sound):
    axis = dict(sound.card.posterior["axes"][0], low=-2, spacing="log1p")
    return changed(sound, posterior={"axes": [axis]})


@forged("has a card of 16777217 letters")
def a_card_beyond_reading(sound):
    return packed(sound.tensors, {"card": " " * (model.LONGEST + 1)})


@forged("no intact .safetensors file")
def header_longer_than_the_file(sound):
    return struct.pack("<Q", 99_000_000) + model.encode(sound)[8:]


@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_model_is_refused_in_one_line(kind, ask, sound, tmp_path):
    make, what = FORGED[kind]
    write(tmp_path / "cat.fits")
    (tmp_path / "forged.safetensors").write_bytes(make(sound))
    before = snapshot(tmp_path)
    said = ask(tmp_path / "cat.fits", "--model", tmp_path / "forged.safetensors")
    told, *hint = said.err.splitlines()
    assert re.match(f"skycnn: error: .*({what})", told), said.err
    assert (said.code, said.out, len(hint) <= 1) == (2, b"", True)
    assert len(told) < 600
    assert snapshot(tmp_path) == before


def test_a_model_is_no_folder_and_no_giant(ask, tmp_path):
    cat = write(tmp_path / "cat.fits")
    (tmp_path / "folder.safetensors").mkdir()
    with open(tmp_path / "giant.safetensors", "wb") as file:
        file.truncate(model.LARGEST + 1)  # sparse: it takes no room
    for name, what in (("folder", "is a folder"), ("giant", "at most")):
        said = ask(cat, "--model", tmp_path / f"{name}.safetensors")
        assert said.code == 2
        assert what in said.err.splitlines()[0]


def test_a_name_that_could_steer_a_terminal_is_told_harmlessly(ask, sound, tmp_path):
    cat = write(tmp_path / "cat.fits")
    path = tmp_path / "odd.safetensors"
    path.write_bytes(changed(sound, name="\x1b[2Jnice'; rm -rf é" + "x" * 200))
    said = ask(cat, "--model", path)
    assert said.code == 0
    assert "\x1b" not in said.err
    assert all(" " <= letter <= "~" for letter in fits.getheader(cat, 1).tostring())
    assert ask(cat, "--model", path).err.endswith("nothing to do\n")


@pytest.mark.parametrize("field", ["settings", "posterior"])
def test_what_a_task_is_built_from_is_refused_in_one_line_or_fits(sound, field):
    task = tasks.load("standin")
    refused = 0
    for change, content in mutations({field: getattr(sound.card, field) or {"bands": 5}}):
        try:
            card = card_of(json.loads(sound.card.canonical()) | content, "my.safetensors")
            Answerer(task, model.Model(card, sound.tensors, "my.safetensors"))
        except InputError as error:
            refused += 1
            assert re.match(r"my\.safetensors: (its card|tensors do not fit)", str(error)), (change, str(error))
    assert refused > 20


def test_the_inputs_are_those_of_the_network(sound):
    other = model.Model(dataclasses.replace(sound.card, inputs=("image",)), sound.tensors, "my.safetensors")
    with pytest.raises(InputError, match=r"my\.safetensors: its card's inputs are not those of network flux: 'image'"):
        Answerer(tasks.load("standin"), other)


def test_shipped_models_are_pinned(monkeypatch, sound, tmp_path):
    monkeypatch.setattr(model, "SHIPPED", tmp_path)
    path = tmp_path / "standin.safetensors"
    path.write_bytes(model.encode(sound))
    monkeypatch.setattr(model, "pinned", lambda: {path.name: "0" * 64})
    with pytest.raises(InputError, match="is not the file that ships"):
        model.read(path)


def test_models_are_found_by_name_before_path(standin, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / NAME).write_bytes(b"decoy")
    assert model.locate(NAME) == standin / f"{NAME}.safetensors"
    assert model.locate(f".{os.sep}{NAME}").samefile(tmp_path / NAME)
    with pytest.raises(InputError, match="no model 'nothing'"):
        model.locate("nothing")
