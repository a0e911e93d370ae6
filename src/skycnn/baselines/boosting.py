"""Boosting: scikit-learn's histogram gradient boosting."""

from typing import Any

from skycnn.baselines.baseline import Answer, Array, Learner
from skycnn.baselines.inputrows import count
from skycnn.features import Inputs


class Boosting(Learner):
    """Histogram gradient boosting (after LightGBM), absolute error or log loss."""

    def _trees(self) -> Any:
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        settings = {"max_iter": 500, "learning_rate": 0.05, "early_stopping": False, "random_state": 0}
        if self.classes:
            return HistGradientBoostingClassifier(**settings)
        return HistGradientBoostingRegressor(loss="absolute_error", **settings)

    def _learn(self, inputs: Inputs, truth: Array) -> None:
        self._features, self._grown = self.make(inputs), self._trees()
        with self._granted(count(inputs)):
            self._grown.fit(self._features.table(inputs), truth)

    def _reply(self, inputs: Inputs) -> Answer:
        with self._granted(count(inputs)):
            table = self._features.table(inputs)
            return Answer(self._grown.predict_proba(table)[:, 1] if self.classes else self._grown.predict(table))

    def _granted(self, rows: int) -> Any:
        """Hold OpenMP to the threads granted, to one for few rows: its threads spin while they wait for one another.

        On a busy machine of two cores 20,000 rows took 82 s on two threads and 3 s on one.
        """
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        return threadpool_limits(self.threads if rows > 200_000 else 1, "openmp")
