"""methods: baselines by name."""

import subprocess
import sys

import pytest

from skycnn import baselines
from skycnn.baselines import methods
from skycnn.errors import InputError


def test_an_unknown_baseline_is_refused():
    with pytest.raises(InputError, match=r"no baseline 'svm'.*median, knn, locallinear, forest, extratrees, boosting"):
        baselines.build("svm")


def test_without_scikit_learn_trees_are_unavailable_and_say_what_to_type(monkeypatch):
    monkeypatch.setattr(methods, "find_spec", lambda name: None)
    assert [name for name in baselines.KINDS if not baselines.available(name)] == ["forest", "extratrees", "boosting"]
    with pytest.raises(InputError, match=r"scikit-learn is not installed.*pip install 'skycnn\[baselines\]'"):
        baselines.build("forest")


def test_importing_the_baselines_does_not_import_scikit_learn():
    code = "import sys, skycnn.baselines; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
