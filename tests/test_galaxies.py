import numpy as np

from skycnn import survey
from skycnn.simulate import galaxies
from skycnn.simulate.population import Population


def test_every_truth_has_a_column():
    truth = Population.load().draw(survey.load("csst"), ["i"], 1, np.arange(3), "all").truth
    assert [column.name for column in galaxies.COLUMNS] == list(truth)


def test_columns_are_told_in_full():
    for column in galaxies.COLUMNS:
        assert column.meaning
        assert column.ucd
        assert column.dtype == "f4"
