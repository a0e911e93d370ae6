"""scoreresult: the first answer beside the run, the others behind it; a model's name only where it is one."""

import json

from skycnn.bootstrap import Interval
from skycnn.scoring import scoretable
from skycnn.scoring.scoreresult import Answered, Result, Scored
from skycnn.scoring.scoretable import Entry


def scored(value):
    entry = Entry(value, "", 1.0, {"mae": Interval(0.1, 0.05, 0.2)})
    return Scored(value, "T", "value", "mag", 8, {"not run": 2}, {}, "of rows", (entry,), (), [1, 2], scoretable.VALUE)


def result(answers, models):
    return Result(answers, "task", ["a.fits"], models, ("g",), "", "", 0.5, None, None, 2.0)


def test_the_first_answer_stands_beside_the_run_and_the_others_behind():
    one = Answered("m", "abc", ["a.fits"])
    content = json.loads(json.dumps(result([scored("A"), scored("B")], [one]).to_json()))
    assert (content["value"], content["rows"], content["rate"], content["model"]) == ("A", 8, 4.0, "m")
    assert content["models"] == [{"model": "m", "model_sha256": "abc", "files": ["a.fits"]}]
    (further,) = content["further"]
    assert further["value"] == "B"
    assert further["entries"][0]["scores"]["mae"] == {"value": 0.1, "low": 0.05, "high": 0.2}
    assert "scores" not in further and "answers" not in content


def test_several_models_are_no_model():
    several = result([scored("A")], [Answered("m", "abc", ["a"]), Answered("", "", ["b"])])
    assert (several.model, several.model_sha256) == ("", "")
    assert [str(held) for held in several.models] == ["m (abc)", "an unknown model"]
