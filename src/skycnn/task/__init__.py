"""Task: what one paper claims, as data; the folder ``tasks`` is the collection."""

from skycnn.task.mock import Mock, Option, SignalCut
from skycnn.task.multiple import Multiple
from skycnn.task.network import Network, Plan
from skycnn.task.ownbaseline import OwnBaseline, Sight
from skycnn.task.task import InputColumn, Task, TaskFlag, Truth

__all__ = [
    "InputColumn",
    "Mock",
    "Multiple",
    "Network",
    "Option",
    "OwnBaseline",
    "Plan",
    "Sight",
    "SignalCut",
    "Task",
    "TaskFlag",
    "Truth",
]
