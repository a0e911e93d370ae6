"""Which model answers, and what is said where none or several could."""

from dataclasses import replace
from pathlib import Path

import pytest

from skycnn.errors import BandError, InputError
from skycnn.network import choice
from skycnn.network.card import Card


def card(name, survey="sdss", bands="ugriz", network="flux"):
    return Path(f"{name}.safetensors"), Card(
        name=name, task="photoz", network=network, survey=survey, inputs=("flux",), bands=tuple(bands)
    )


ORDER = ("flux", "image-fast", "image", "hybrid")


def find(*args, **more):
    return choice.find("photoz", *args, rank=ORDER.index, **more)


def present(bands):
    return lambda card: tuple(band for band in card.bands if band in bands)


SDSS, DES = card("photoz-sdss-flux"), card("photoz-des-flux", "des", "grizY")


@pytest.mark.parametrize(
    ("models", "bands", "survey", "chosen", "reason"),
    [
        ([SDSS, DES], "ugriz", None, "photoz-sdss-flux", "5 of its 5 bands"),
        ([SDSS, DES], "grizY", None, "photoz-des-flux", "5 of its 5 bands"),
        ([SDSS, DES], "ugriz", "des", "photoz-des-flux", "survey des, 4 of its 5 bands, without Y"),
        ([SDSS, card("long", bands="ugrizYJHK")], "ugriz", None, "photoz-sdss-flux", "5 of its 5 bands"),
        ([SDSS, card("short", bands="gri")], "ugriz", None, "photoz-sdss-flux", "5 of its 5 bands"),
        ([SDSS, card("images", network="image")], "ugriz", None, "images", "5 of its 5 bands"),
        ([SDSS, card("both", network="hybrid"), card("images", network="image")], "ugriz", None, "both", "5 of"),
    ],
)
def test_survey_then_share_then_number_then_network(models, bands, survey, chosen, reason):
    found = find(models, present(bands), survey)
    assert found.card.name == chosen
    assert found.reason.startswith(reason)


def test_a_model_adapted_to_a_survey_answers_it_after_those_trained_on_it():
    path, first = card("adapted")
    adapted = path, replace(first, adaptation={"survey": "cfht"})
    assert find([adapted, DES], present("ugriz"), "cfht").card.name == "adapted"
    assert find([adapted, SDSS], present("ugriz"), "cfht").card.name == "adapted"
    assert find([adapted, card("own", "cfht")], present("ugriz"), "cfht").card.name == "own"
    with pytest.raises(InputError, match="no photoz model was trained for survey 'hsc'"):
        find([adapted], present("ugriz"), "hsc")


@pytest.mark.parametrize(
    ("models", "bands", "survey", "what"),
    [
        ([SDSS], "ugriz", "hsc", r"no photoz model was trained for survey 'hsc': photoz-sdss-flux \(sdss\)"),
        ([card("x", "")], "ugriz", "hsc", r"x \(survey unknown\)"),
        (
            [SDSS],
            "gr",
            None,
            "too few bands for any photoz model: photoz-sdss-flux has 2 of its 5 bands, ",
        ),
        ([SDSS, card("twin")], "ugriz", None, "several photoz models fit alike: photoz-sdss-flux, twin"),
    ],
)
def test_no_model_and_a_tie_are_told_with_the_candidates(models, bands, survey, what):
    with pytest.raises(InputError, match=what) as caught:
        find(models, present(bands), survey)
    assert caught.value.hint.startswith("--model ")


@pytest.mark.parametrize("order", [("paper", "fast"), ("fast", "paper")])
def test_of_two_networks_of_a_task_the_later_one_answers(order):
    models = [card(name, network=name) for name in ("fast", "paper")]
    assert choice.find("merger", models, present("ugriz"), rank=order.index).card.name == order[1]


def test_a_model_of_a_column_alone_has_all_its_bands():
    found = find([card("z", bands="")], present(""))
    assert found.reason == "all its input"


def test_a_pinned_model_answers_from_two_bands_whatever_the_survey():
    found = find([SDSS], present("gr"), "hsc", pinned=True)
    assert found.reason == "--model, 2 of its 5 bands, without u i z"
    with pytest.raises(InputError, match=r"needs two of its bands \(u g r i z\); found: r"):
        find([SDSS], present("r"), pinned=True)


def test_a_model_of_one_band_needs_that_band():
    one = card("morph", bands="r", network="image")
    assert [choice.fewest(card("x", bands=bands)[1]) for bands in ("r", "gr", "gri")] == [1, 2, 2]
    for pinned, reason in ((True, "--model, 1 of its 1 bands"), (False, "1 of its 1 bands")):
        assert find([one], present("gr"), pinned=pinned).reason == reason
    with pytest.raises(InputError, match=r"morph needs its band \(r\); found: none"):
        find([one], present("gi"), pinned=True)
    with pytest.raises(InputError, match="too few bands for any photoz model: morph has 0 of its 1 bands, without r"):
        find([one], present("gi"))


def test_of_models_of_one_name_the_files_are_told():
    twins = [(Path(folder) / "a.safetensors", card("a")[1]) for folder in ("mine", "shipped")]
    with pytest.raises(InputError, match=r"fit alike: a \(mine/a.safetensors\), a \(shipped/a.safetensors\)") as caught:
        find(twins, present("ugriz"))
    assert caught.value.hint == "--model FILE pins one."


def test_models_of_better_kinds_that_do_not_answer_are_told_with_the_reason():
    image, hybrid, other = (
        card(name, network=name, bands=b) for name, b in (("image", "gri"), ("hybrid", "ugrizy"), ("flux", "ugri"))
    )

    def offers(card):
        if card.name == "image":
            raise InputError("image was trained on pixels of 1 arcsec; these have 2 arcsec", hint="Cut them anew.")
        return present("ugriz")(card)

    found = find([SDSS, image, other, hybrid], offers)
    assert [entry.note for entry in found.left] == [
        "hybrid left out: has 5 of its 6 bands, without y; photoz-sdss-flux has 5 of 5",
        "image left out: was trained on pixels of 1 arcsec; these have 2 arcsec",
    ]
    assert [entry.error.hint for entry in found.left] == ["--model hybrid takes them.", "Cut them anew."]
    assert find([SDSS, image, hybrid], present("ugrizy")).left == ()
    assert find([SDSS], present("ugriz"), pinned=True).left == ()


def test_a_refusal_counts_only_where_nothing_else_fits():
    def offers(card):
        if card.name == "photoz-des-flux":
            raise InputError("g is there twice")
        return card.bands

    assert find([DES, SDSS], offers).card.name == "photoz-sdss-flux"
    with pytest.raises(InputError, match="g is there twice"):
        find([DES], offers)


def test_candidates_are_the_models_of_the_task(standin, standin_folder):
    assert [card.name for _, card in choice.candidates("standin")] == ["standin-sdss-flux"]
    ((path, other),) = choice.candidates("standin", str(standin_folder / "other" / "standin-other-flux.safetensors"))
    assert (path.stem, other.name) == ("standin-other-flux", "standin-other-flux")
    with pytest.raises(InputError, match="is a model for task 'standin', not 'photoz'") as caught:
        choice.candidates("photoz", "standin-sdss-flux")
    assert caught.value.hint == "--task standin"
    with pytest.raises(InputError, match="no model is installed for task 'unheard'") as caught:
        choice.candidates("unheard")
    assert "skycnn train" in caught.value.hint


def test_of_several_refusals_that_of_a_model_with_the_named_bands_is_told():
    def refuse(card):
        if card.name == "photoz-des-flux":
            raise BandError("--band names a band that photoz-des-flux has not", value="u")
        raise InputError("no column 'NOPE'")

    for models in ([DES, SDSS], [SDSS, DES]):
        with pytest.raises(InputError, match="no column 'NOPE'"):
            find(models, refuse)
    with pytest.raises(BandError, match="photoz-des-flux has not: 'u'"):
        find([DES], refuse)


def test_a_band_that_no_model_has_is_told_by_the_one_with_most_bands():
    def refuse(card):
        if card.name == "photoz-csst-image":
            raise InputError("no images are named")
        raise BandError(f"--band names a band that {card.name} has not", value="Q")

    images = card("photoz-csst-image", "csst", "ugrizy", "image")
    for models in ([images, DES, SDSS], [SDSS, DES, images]):
        with pytest.raises(BandError, match="photoz-sdss-flux has not: 'Q'"):
            find(models, refuse, near=lambda card: {"photoz-des-flux": 4, "photoz-sdss-flux": 5}.get(card.name, 0))


COSMOS = card("photoz-cosmos-flux", "cosmos", "UBVGRIZJ")
SEEN = {"photoz-cosmos-flux": 4, "photoz-des-flux": 4, "photoz-sdss-flux": 5}


def refuse(card):
    raise InputError(f"{card.name} is refused")


@pytest.mark.parametrize("models", [[COSMOS, DES, SDSS], [SDSS, DES, COSMOS]])
def test_where_all_are_refused_the_one_with_most_bands_tells_why(models):
    with pytest.raises(InputError, match="photoz-sdss-flux is refused"):
        find(models, refuse, near=lambda card: SEEN[card.name])
    with pytest.raises(InputError, match="photoz-des-flux is refused"):
        find(models, refuse, near=lambda card: {**SEEN, "photoz-sdss-flux": 0}[card.name])
    with pytest.raises(InputError, match=r"photoz-(sdss|des)-flux is refused"):  # nothing there: the fewest bands
        find(models, refuse)


def test_a_model_that_would_answer_but_for_a_fault_leaves_the_answer_to_no_other():
    def offers(card):
        return refuse(card) if card is SDSS[1] else present("griz")(card)

    for models in ([DES, SDSS], [SDSS, DES]):
        with pytest.raises(InputError, match="photoz-sdss-flux is refused"):
            find(models, offers, near=lambda card: SEEN[card.name])
        assert find(models, offers, near=lambda card: 4).card.name == "photoz-des-flux"


def test_a_band_of_another_model_is_no_fault():
    def offers(card):
        if card is SDSS[1]:
            raise BandError("--band names a band that photoz-sdss-flux has not", value="Y")
        return present("grizY")(card)

    assert find([SDSS, DES], offers, near=lambda card: SEEN[card.name]).card.name == "photoz-des-flux"


def test_for_a_survey_without_a_model_the_nearest_is_named():
    with pytest.raises(InputError) as error:
        find([COSMOS, DES, SDSS], refuse, "hsc", near=lambda card: SEEN[card.name])
    assert error.value.hint == (
        "--model photoz-sdss-flux answers nevertheless, with a warning. If the filters are those of sdss: --survey sdss"
    )


def test_names_that_tell_the_survey_come_before_the_share():
    offers = present("ugrizBVGRI")
    wide = card("photoz-cosmos-flux", "cosmos", "UBVGRI")
    assert find([SDSS, wide], offers).card.name == "photoz-sdss-flux"
    assert find([SDSS, wide], offers, native=lambda card: card is wide[1]).card.name == "photoz-cosmos-flux"
    few = card("photoz-cosmos-flux", "cosmos", "UBVGRIZJ")
    assert find([SDSS, few], present("ugrizGRI"), native=lambda card: card is few[1]).card.name == "photoz-sdss-flux"
