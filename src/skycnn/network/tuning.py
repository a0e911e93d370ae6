"""Tuning: a network that was trained on many mocks goes on with few labels, and stays near what it has learned."""

from dataclasses import replace

from skycnn.network import stages
from skycnn.network.job import Job
from skycnn.network.stage import Stage
from skycnn.network.stages import OnTruth


def tuned(job: Job, frozen: tuple[str, ...] = ()) -> list[Stage]:
    """Return the usual stages; of a job that begins with a trained network one, by the plan's ``tune_epochs`` and rate.

    Parameters
    ----------
    job : Job
    frozen : tuple of str
        Weights that are then not trained, see `stage.Stage`.
    """
    if job.init is None:
        return stages.usual(job)
    plan = job.network.plan
    few = OnTruth(job.settings, plan.tune_epochs, plan.tune_rate, "the network, tuned", frozen=frozen)
    return [replace(few, adaptation=job.adaptation)]
