"""AnswerTables: the scores of one column of answers beside the baselines', in bins too, and who is the best."""

from collections.abc import Collection, Sequence

import numpy as np

from skycnn import schema
from skycnn.bootstrap import Resampling
from skycnn.scoring import bestbaseline, scoretable
from skycnn.scoring.rowbins import RowBins
from skycnn.scoring.scoredrows import ScoredRows
from skycnn.scoring.scoreresult import Scored
from skycnn.scoring.scoretable import Bin, Predictor, Score
from skycnn.scoring.target import Target
from skycnn.task import Task


def of(
    task: Task,
    target: Target,
    rows: ScoredRows,
    predictors: Sequence[Predictor],
    scores: Sequence[Score],
    resampling: Resampling,
    found: RowBins | None,
    names: Collection[str],
) -> Scored:
    """Return what was scored of one column of answers.

    Parameters
    ----------
    task : Task
    target : Target
        The column.
    rows : ScoredRows
    predictors : sequence of Predictor
        The answers first.
    scores : sequence of Score
    resampling : Resampling
        Of the rows.
    found : RowBins or None
        Those of ``--by``.
    names : collection of str
        Of the baselines among the predictors; others are columns.
    """
    bins: tuple[Bin, ...] = ()
    if found is not None:
        how = (found.values, found.edges, rows.groups, resampling.resamples, found.names)
        bins = scoretable.binned(predictors, rows.truth, scores, *how)
    own, entries = predictors[0].judged, scoretable.table(predictors, rows.truth, scores, resampling)
    return Scored(
        value=target.value,
        truth=target.truth,
        kind=target.kind,
        unit=target.unit,
        rows=len(rows.truth),
        left_out=rows.left_out,
        flagged=schema.counts(rows.flags, task.flags) if rows.flags is not None else {},
        bootstrap=str(resampling),
        entries=entries,
        bins=bins,
        by=found.label if found is not None else "",
        pit=np.histogram(own.pit, 20, (0, 1))[0].tolist() if own is not None and own.pit is not None else [],
        scores=scores,
        best=bestbaseline.find(target.kind, entries, scores, names),
    )
