"""methods: baselines by name."""

import subprocess
import sys

import pytest

from skycnn import baselines
from skycnn.baselines import methods
from skycnn.errors import InputError


def test_an_unknown_baseline_is_refused():
    with pytest.raises(
        InputError, match=r"no baseline 'svm'.*median, ridge, knn, locallinear, forest, extratrees, boosting"
    ):
        baselines.build("svm")


def test_without_scikit_learn_trees_are_unavailable_and_say_what_to_type(monkeypatch):
    monkeypatch.setattr(methods, "find_spec", lambda name: None)
    assert [name for name in baselines.KINDS if not baselines.available(name)] == ["forest", "extratrees", "boosting"]
    with pytest.raises(InputError, match=r"scikit-learn is not installed.*pip install 'skycnn\[baselines\]'"):
        baselines.build("forest")


def test_importing_the_baselines_does_not_import_scikit_learn():
    code = "import sys, skycnn.baselines; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def names(wanted, *sets):
    return [each.name for each in baselines.plan(wanted, dict.fromkeys(sets or ("",), object))]


def test_a_method_stands_for_itself_on_every_set_of_features():
    assert names(("median", "knn", "forest")) == ["median", "knn", "forest"]
    assert names(("median", "forest"), "a b", "c") == ["median", "forest a b", "forest c"]
    assert names(("forest c", "knn", "forest"), "a b", "c") == ["forest c", "knn a b", "knn c", "forest a b"]
    assert names(()) == []
    assert names(None) == ["median", "knn", "locallinear", "extratrees", "boosting"]
    assert names(None, "a b", "c") == ["median", "forest a b", "forest c"]
    (found,) = baselines.plan(["knn two"], {"one": int, "two": str})
    assert (found.method, found.features) == ("knn", str)


def test_a_set_of_features_names_the_methods_that_suit_it():
    class Few:
        methods = ("ridge", "median", "forest")

    found = [each.name for each in baselines.plan(None, {"few": Few, "many": object}, ["gridfit"])]
    assert found == ["median", "ridge few", "forest few", "forest many", "gridfit"]
    assert [each.name for each in baselines.plan(None, {"": Few})] == ["median", "ridge", "forest"]
    assert [each.name for each in baselines.plan(("knn",), {"few": Few, "many": object})] == ["knn few", "knn many"]


@pytest.mark.parametrize("name", ["svm", "forest d", "median c", "c", ""])
def test_a_set_that_is_not_there_is_refused(name):
    with pytest.raises(InputError, match=f"no baseline '{name}'.*boosting, .*'forest a b'"):
        names((name,), "a b", "c")
    with pytest.raises(InputError, match=r"no baseline 'svm' \(expected median.*boosting\)"):
        names(("svm",))


def test_a_task_s_own_baselines_run_by_default_and_by_name():
    def planned(wanted, *sets):
        found = baselines.plan(wanted, dict.fromkeys(sets or ("",), object), ["gridfit"])
        return [(each.name, each.features is None) for each in found]

    assert planned(None)[-2:] == [("boosting", False), ("gridfit", True)]
    assert planned(None, "a", "b") == [("median", False), ("forest a", False), ("forest b", False), ("gridfit", True)]
    assert planned(("gridfit", "median")) == [("gridfit", True), ("median", False)]
    with pytest.raises(InputError, match=r"no baseline 'gridfi' .*boosting, gridfit"):
        planned(("gridfi",))
    with pytest.raises(InputError, match="no baseline 'gridfit a'"):
        planned(("gridfit a",), "a", "b")
