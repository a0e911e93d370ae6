"""What is written where, by what was asked for."""

import pytest

from skycnn.inputs.explainoptions import ExplainOptions

CASES = [  # asked for; columns or maps are written, a gallery is, rows are named
    ({}, (True, False, False)),
    ({"out": "o.fits"}, (True, False, False)),
    ({"html": "g.html"}, (False, True, False)),
    ({"png": "pictures"}, (False, True, False)),
    ({"check": True}, (False, False, False)),
    ({"html": "g.html", "out": "o.fits"}, (True, True, False)),
    ({"rows": (0, 5)}, (True, False, True)),
    ({"where": "A", "html": "g.html"}, (False, True, True)),
    ({"worst": 5, "check": True}, (False, False, True)),
]


@pytest.mark.parametrize(("asked", "wanted"), CASES, ids=lambda case: " ".join(map(str, case)))
def test_what_is_done(asked, wanted):
    options = ExplainOptions(task="photoz", **asked)
    assert (options.writes, options.pictures, options.selects) == wanted
