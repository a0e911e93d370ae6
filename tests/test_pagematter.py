"""pagematter: what the page shows of several catalogues, and whose cards are at hand."""

from dataclasses import dataclass, replace

import numpy as np
from astropy.io import fits

from scoredsample import sample, target
from skycnn.fits.catalogue import Catalogue
from skycnn.network.model import installed, read_card
from skycnn.photometry.fluxes import PhotometryOptions
from skycnn.report import pagematter
from skycnn.report.pagematter import PageMatter
from skycnn.scoring.origin import Origin
from skycnn.scoring.scoreresult import Answered

NOWHERE = Origin(None, None, (), PhotometryOptions())


@dataclass
class Flags:
    """Stands for a task."""

    flags: tuple = ()


def table(path, unit="arcsec"):
    columns = [fits.Column("R_E", "E", unit=unit, array=np.ones(300)), fits.Column("ID", "J", array=np.arange(300))]
    fits.BinTableHDU.from_columns(columns).writeto(path)
    return Catalogue.open(str(path))


def test_the_worst_of_all_catalogues_and_the_units_of_columns_are_kept(tmp_path):
    scored, rows = sample("redshift")
    matter, off = PageMatter(), rows.judged["Z_PHOT"].value + 1.0
    worse = replace(rows, judged={"Z_PHOT": replace(rows.judged["Z_PHOT"], value=off)})
    for name, part in (("a.fits", rows), ("b.fits", worse)):
        with table(tmp_path / name) as catalogue:
            assert pagematter.beside(catalogue) == ("R_E",)
            matter.add(catalogue, target("redshift"), part, NOWHERE)
    shown = matter.shown(Flags(), target("redshift"), replace(rows, beside={"R_E": rows.truth}), scored, None, "")
    assert len(shown.worst) == 24
    assert {row.file for row in shown.worst} == {f"{tmp_path}/b.fits[1]"}
    assert {each.label: each.unit for each in shown.profiles}["R_E"] == "arcsec"
    assert [each.name for each in shown.flagged] == ["no flag", "missing band"]


def test_a_card_is_shown_where_its_model_is_at_hand_with_the_same_hash():
    card = read_card(next(path for path in installed() if path.stem == "photoz-sdss-flux"))
    known = Answered(card.name, card.sha256, [])
    assert list(pagematter.cards([known, Answered("nobody", "0" * 64, [])], NOWHERE)) == [card.sha256]
    assert pagematter.cards([Answered(card.name, "0" * 64, [])], NOWHERE) == {}
    given = replace(NOWHERE, card=card)
    assert pagematter.cards([Answered("elsewhere", card.sha256, [])], given) == {card.sha256: card}
