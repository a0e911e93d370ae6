"""A task of two answers: a grid of two axes and a yes or no, from fluxes and a redshift; with a flag of its own."""

TASK = """
import torch
from torch import nn

from skycnn.posterior import Axis, Bernoulli, Grid, Joint
from skycnn.task import InputColumn, Network, Task, TaskFlag, Truth


class Net(nn.Module):
    def __init__(self, bands, outputs):
        super().__init__()
        self.layer = nn.Linear(bands + 1, outputs)

    def forward(self, flux, error, redshift):
        seen = torch.cat([torch.asinh(flux), redshift[:, None]], 1)
        return self.layer(seen.nan_to_num(0.0))


AXES = Axis("AGE", 0, 10, 5, unit="yr", meaning="age"), Axis("DUST", 0, 3, 4, unit="mag", meaning="dust")


def posterior(members=None):
    grid, disc = members or ({"axes": AXES}, {"column": "P_DISC"})
    return Joint(Grid(**grid), Bernoulli(**disc))


TASK = Task(
    "shape", "a test", "nobody", posterior,
    {"paper": Network(Net, ("flux", "redshift")), "fast": Network(Net, ("flux", "redshift"))}, "SHAPE",
    {name: Truth() for name in ("AGE", "DUST", "P_DISC")},
    columns={"redshift": InputColumn(("Z", "Z_SPEC"), "the redshift", 0.0, 15.0)},
    flags=(TaskFlag("ROUND", 1 << 16, "it is round", lambda values: values["P_DISC"] < 2),),
)
"""


def install(folder, networks=("paper", "fast")):
    """Write the task and a model of each of its networks into a folder, which is on the path of tasks already."""
    import torch

    from skycnn import tasks
    from skycnn.network import model

    (folder / "shape.py").write_text(TASK)
    task = tasks.load("shape")
    posterior = task.posterior()
    for seed, network in enumerate(networks):
        torch.manual_seed(seed)
        module = task.networks[network].module(3, posterior.outputs)
        known = model.Card(
            name=f"shape-{network}",
            task="shape",
            network=network,
            survey="",
            inputs=("flux", "redshift"),
            bands=("g", "r", "i"),
            posterior=posterior.settings(),
        )
        sealed = model.seal(known, {key: value.numpy() for key, value in module.state_dict().items()})
        (folder / f"shape-{network}.safetensors").write_bytes(model.encode(sealed))
