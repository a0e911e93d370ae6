"""A task's own baselines: what score knows of them before any is made."""

from skycnn import tasks
from skycnn.task import Sight, Task


def test_a_sight_is_complete_without_options_and_tasks_have_no_baseline_of_their_own_unless_they_say():
    assert Sight(None, ("g", "r")).options == {}
    assert tasks.load("photoz").baselines == {}
    assert Task("a", "b", "c", dict, {}, "A", baselines={"fit": print}).baselines == {"fit": print}
