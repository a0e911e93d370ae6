"""target: which answers a catalogue holds, and which column is the truth of each."""

from types import SimpleNamespace

import pytest

from columns import column
from skycnn.errors import InputError
from skycnn.posterior import Axis, Bernoulli, Grid, Joint
from skycnn.scoring import target
from skycnn.scoring.target import Names
from skycnn.task import Truth

POSTERIOR = Joint(Grid([Axis("LOG_AGE", 6, 10, 8), Axis("A_V", 0, 3, 8)]), Bernoulli("P_CLUSTER"))
TRUTHS = {
    "LOG_AGE": Truth(("LOG_AGE_TRUE",), 6, 10),
    "A_V": Truth(("A_V_TRUE", "A_V", "AV")),
    "P_CLUSTER": Truth(("CLUSTER_TRUE",), 0, 1),
}
TASK = SimpleNamespace(name="clusters", truths=TRUTHS)
ANSWERS = "LOG_AGE A_V P_CLUSTER"


def found(names, answered=frozenset(), **given):
    columns = {
        name.lower(): column(name, unit="mag" if name == "A_V" else None, comment="log10 of years")
        for name in names.split()
    }
    table = SimpleNamespace(
        has=lambda name: columns.get(name.lower()),
        names=names.split(),
        answered=lambda: answered,
        label="c.fits[1]",
        source=SimpleNamespace(label="c.fits"),
    )
    return target.find(table, TASK, POSTERIOR, Names(**given))


def test_every_answer_with_a_truth_is_a_target():
    first, second = found(f"{ANSWERS} AV LOG_AGE_TRUE")
    assert (first.value, first.truth, first.kind, first.unit) == ("LOG_AGE", "LOG_AGE_TRUE", "value", "log10 of years")
    assert (second.value, second.truth, second.unit, second.bounds) == ("A_V", "AV", "mag", TRUTHS["A_V"])
    assert [one.answer for one in found("A_V CLUSTER_TRUE P_CLUSTER")] == ["P_CLUSTER"]


def test_truths_are_named_for_the_first_or_for_any():
    assert found(f"{ANSWERS} X", truth=("X",))[0].truth == "X"
    (one,) = found("A_V P_CLUSTER X", truth=("X",))
    assert (one.answer, one.truth) == ("A_V", "X")
    both = found(f"{ANSWERS} X Y", truth=("Y", "a_v=X"))
    assert [(one.answer, one.truth) for one in both] == [("LOG_AGE", "Y"), ("A_V", "X")]


def test_answers_are_no_truth_though_a_truth_may_have_their_name():
    assert found("A_V AV")[0].truth == "AV"
    with pytest.raises(InputError, match="no column of the truth"):
        found("A_V")
    assert found("A_V_2 A_V AV", suffix="_2")[0].truth == "A_V"
    assert found("A_V_2 A_V AV", answered={"a_v"}, suffix="_2")[0].truth == "AV"


def test_other_columns_are_judged_by_the_same_truth():
    first, second = found(f"{ANSWERS} AV LOG_AGE_TRUE", rivals=("AGE_SED", "A_V=AV_SED", "A_V=AV_MAP"))
    assert (first.rivals, second.rivals) == (("AGE_SED",), ("AV_SED", "AV_MAP"))


def test_prefix_and_suffix_are_around_the_answers():
    (one,) = found("X_A_V_2 AV", prefix="X_", suffix="_2", truth=("X_A_V_2=AV",))
    assert (one.answer, one.value, one.truth) == ("A_V", "X_A_V_2", "AV")


@pytest.mark.parametrize(
    ("names", "given", "message"),
    [
        ("X", {"prefix": "P_"}, r"no column 'P_LOG_AGE'.*skycnn predict c\.fits --task clusters --prefix P_"),
        (ANSWERS, {}, r"no column of the truth \(LOG_AGE_TRUE, A_V_TRUE, A_V, AV, CLUSTER_TRUE\).*--truth LOG_AGE=COL"),
        (f"{ANSWERS} AV", {"truth": ("NO=AV",)}, r"--truth NO=AV names no answer.*LOG_AGE or A_V or P_CLUSTER=COLUMN"),
        (f"{ANSWERS} AV", {"truth": ("A_V=",)}, "names no answer"),
        ("A_V AV", {"truth": ("LOG_AGE=AV",)}, "names no answer"),
        ("A_V AV", {"truth": ("a_v",)}, "the answers in a_v would be judged by themselves"),
        (f"{ANSWERS} AV", {"rivals": ("LOG_AGE=AV",)}, r"no column of the truth \(LOG_AGE_TRUE\).*--truth COL"),
    ],
)
def test_what_cannot_be_judged_is_told(names, given, message):
    with pytest.raises(InputError, match=message):
        found(names, **given)
