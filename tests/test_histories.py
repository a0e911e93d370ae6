"""A fixed few of the histories of `make histories`."""

import pytest

import histories


@pytest.mark.parametrize("seed", range(12))
def test_every_row_has_the_answer_of_its_photometry_or_is_marked(standin, tmp_path, monkeypatch, seed):
    histories.small(monkeypatch.setattr)
    history = histories.History(tmp_path, histories.Answers(tmp_path), seed)
    assert history.run() == []
