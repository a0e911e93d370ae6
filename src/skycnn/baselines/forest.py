"""Forest: scikit-learn's random forest and extra trees, which answer with the truths in their leaves."""

from typing import Any

import numpy as np

from skycnn.baselines.baseline import Answer, Array, Learner
from skycnn.baselines.leaves import gather, sample
from skycnn.features import Inputs

TREES = 100


class Forest(Learner):
    """A random forest (Breiman 2001), 100 trees, five rows a leaf, half of the features a split.

    The answer is the median of the truths in the leaves that a row falls into (Meinshausen 2006, JMLR 7, 983), which
    are its distribution too; of a class the mean of the trees. All settings were chosen on validation rows: there the
    median of the leaves has sigma_NMAD 0.0182, the median of the trees 0.0186, their mean 0.0190 (SDSS).
    """

    def _trees(self) -> Any:
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        kind = RandomForestClassifier if self.classes else RandomForestRegressor
        return kind(TREES, min_samples_leaf=5, max_features=0.5, random_state=0, n_jobs=self.threads)

    def _learn(self, inputs: Inputs, truth: Array) -> None:
        self._features, self._grown = self.make(inputs), self._trees()
        table = self._features.table(inputs)
        self._grown.fit(table, truth)
        self._leaves = [] if self.classes else gather(self._grown.estimators_, table, truth)

    def _reply(self, inputs: Inputs) -> Answer:
        table = self._features.table(inputs)
        if self.classes:
            return Answer(self._grown.predict_proba(table)[:, 1])
        drawn = sample(self._grown.estimators_, self._leaves, table)
        return Answer(np.median(drawn, axis=1).astype(np.float64), drawn)


class ExtraTrees(Forest):
    """Extremely randomised trees (Geurts, Ernst & Wehenkel 2006): cuts at random, the best feature of all.

    100 trees, two rows a leaf, chosen as the forest's; the answer is the forest's.
    """

    def _trees(self) -> Any:
        from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

        kind = ExtraTreesClassifier if self.classes else ExtraTreesRegressor
        return kind(TREES, min_samples_leaf=2, max_features=1.0, random_state=0, n_jobs=self.threads)
