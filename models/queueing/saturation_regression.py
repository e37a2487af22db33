"""A linear regression that starts from a prior and takes rows in one by one: conjugate Bayesian, outliers weigh less.

Sources: Gelman et al., Bayesian Data Analysis, 3rd ed., section 14.8; outliers are weighed down after P. J. Huber,
Ann. Math. Stat. 35, 1964.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

from nutgiao.models.queueing.saturation_belief import PRIOR_SHAPE

_TRUSTED_SD = 2.5
"""Rows farther off than this many standard deviations weigh less, in proportion."""


class Regression(msgspec.Struct):
    """Coefficients with a multivariate Student t posterior; plain numbers, ready to be stored.

    Attributes:
        precision: ``(k, k)``, in units of the noise.
        moment: ``(k,)`` precision times posterior mean.
        shape: of the noise's inverse gamma distribution.
        scale: of the same.
        used: rows, doubtful ones by their weight.
    """

    precision: list[list[float]]
    moment: list[float]
    shape: float
    scale: float
    used: float = 0.0

    @classmethod
    def of(cls, mean: NDArray[np.float64], spread: NDArray[np.float64], noise: float) -> Regression:
        """The state before the first row.

        Args:
            mean: ``(k,)`` expected coefficients.
            spread: ``(k, k)`` their covariance between sites.
            noise: variance of a row of cost 1.
        """
        precision = np.linalg.inv(spread) * noise
        return cls(precision.tolist(), (precision @ mean).tolist(), PRIOR_SHAPE, PRIOR_SHAPE * noise)

    @property
    def freedom(self) -> float:
        """Degrees of freedom of the coefficients' Student t distribution."""
        return 2.0 * self.shape

    def add(self, row: NDArray[np.float64], value: float, cost: float) -> None:
        """Takes a row in.

        Args:
            row: ``(k,)`` regressors.
            value: what was seen.
            cost: the noise's variance grows with it.
        """
        precision, moment = np.array(self.precision), np.array(self.moment)
        off = value - float(row @ np.linalg.solve(precision, moment))
        expected = cost + float(row @ np.linalg.solve(precision, row))
        far = abs(off) / math.sqrt(self.scale / self.shape * expected)
        weight = min(1.0, _TRUSTED_SD / far) if far > 0.0 else 1.0
        self.precision = (precision + weight / cost * np.outer(row, row)).tolist()
        self.moment = (moment + weight / cost * value * row).tolist()
        self.shape += 0.5 * weight
        self.scale += 0.5 * weight * off * off / expected
        self.used += weight

    def mean(self) -> NDArray[np.float64]:
        """Posterior mean of the coefficients, ``(k,)``."""
        return np.linalg.solve(np.array(self.precision), np.array(self.moment))

    def covariance(self) -> NDArray[np.float64]:
        """Scale matrix of their Student t distribution, ``(k, k)``."""
        return np.linalg.inv(np.array(self.precision)) * (self.scale / self.shape)
