"""scikit-learn behind the one thing that is wanted of it: a logistic model as plain coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chiron.errors import ChironError
from chiron.flywheel.learned.gate import Linear


class Fitted:
    """A logistic model on standardised signs."""

    def __init__(self, strength: float) -> None:
        """Raises `ChironError` where the `learn` extra is not installed."""
        try:
            from sklearn.linear_model import LogisticRegression
            from sklearn.pipeline import make_pipeline
            from sklearn.preprocessing import StandardScaler
        except ImportError:
            raise ChironError(
                "Training needs the `learn` extra.", advice='Install it: pip install "chiron-ls[learn]"'
            ) from None
        self._scaler = StandardScaler()
        self._model = LogisticRegression(C=strength, max_iter=1000)
        self._both = make_pipeline(self._scaler, self._model)

    def fit(
        self, rows: Sequence[Sequence[float]], rewards: Sequence[float], weights: Sequence[float]
    ) -> Fitted:
        """Fits to `rows`, of which each stands for `weights`."""
        self._both.fit(rows, [int(one) for one in rewards], logisticregression__sample_weight=weights)
        return self

    def chances(self, rows: Sequence[Sequence[float]]) -> list[float]:
        """The chance of each of `rows`."""
        return [float(one) for one in self._both.predict_proba(rows)[:, 1]]

    def linear(self, names: Sequence[str]) -> Linear:
        """The model on the signs as they are, the standardising worked in."""
        means, scales = self._scaler.mean_, self._scaler.scale_
        weights: dict[str, float] = {}
        bias = float(self._model.intercept_[0])
        for name, coefficient, mean, scale in zip(names, self._model.coef_[0], means, scales, strict=True):
            weights[name] = round(float(coefficient / scale), 6)
            bias -= weights[name] * float(mean)
        return Linear(round(bias, 6), weights)


def auc(rewards: Sequence[float], chances: Sequence[float]) -> float:
    """The area under the curve: how often what was kept was rated over what was not."""
    from sklearn.metrics import roc_auc_score

    value: Any = roc_auc_score([int(one) for one in rewards], list(chances))
    return float(value)
