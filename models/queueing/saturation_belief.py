"""What is believed of one number: a prior that gives way to observations, and an interval that says how sure."""

from __future__ import annotations

import math
from statistics import NormalDist

import msgspec

LEVEL = 0.9
"""Share of intervals that shall hold the truth."""

PRIOR_SHAPE = 3.0
"""Weight of the prior on the noise: as much as six observations of it."""


class Estimate(msgspec.Struct, frozen=True):
    """A number with its interval.

    Attributes:
        value: posterior mean.
        low: lower end of the central 90 % interval.
        high: upper end.
        used: observations behind it, doubtful ones by their weight; 0 means that it is the prior.
    """

    value: float
    low: float
    high: float
    used: float


class Prior(msgspec.Struct, frozen=True):
    """What is known before anything was seen.

    Attributes:
        mean: expected value.
        spread: standard deviation of the value between sites.
        noise: standard deviation of one observation at a site.
    """

    mean: float
    spread: float
    noise: float


class Belief(msgspec.Struct):
    """Normal observations of unknown mean and noise: the normal-inverse-gamma conjugate, in O(1) per observation.

    Source: K. P. Murphy, Conjugate Bayesian analysis of the Gaussian distribution, 2007, section 3.

    Attributes:
        mean: posterior mean.
        strength: pseudo-observations behind the mean; the prior counts ``(noise / spread)^2``.
        shape: of the noise's inverse gamma distribution.
        scale: of the same.
        used: observations, by weight.
    """

    mean: float
    strength: float
    shape: float
    scale: float
    used: float = 0.0

    @classmethod
    def of(cls, prior: Prior) -> Belief:
        """The belief before the first observation."""
        strength = (prior.noise / prior.spread) ** 2
        return cls(prior.mean, strength, PRIOR_SHAPE, PRIOR_SHAPE * prior.noise**2)

    @property
    def noise(self) -> float:
        """Standard deviation of one observation."""
        return math.sqrt(self.scale / self.shape)

    @property
    def sd(self) -> float:
        """Scale of the mean's Student t distribution."""
        return math.sqrt(self.scale / (self.shape * self.strength))

    @property
    def freedom(self) -> float:
        """Degrees of freedom of that distribution."""
        return 2.0 * self.shape

    def add(self, value: float, weight: float = 1.0) -> None:
        """Takes an observation in; ``weight`` 0..1 is how likely it is one of this kind."""
        off = float(value) - self.mean  # a NumPy number could not be stored
        grown = self.strength + weight
        self.scale += 0.5 * weight * self.strength / grown * off * off
        self.mean += weight / grown * off
        self.strength = grown
        self.shape += 0.5 * weight
        self.used += weight

    def estimate(self) -> Estimate:
        """Mean and central interval."""
        return spanned(self.mean, self.sd, self.freedom, self.used)


def spanned(value: float, sd: float, freedom: float, used: float) -> Estimate:
    """An estimate whose error is Student's t with this scale and these degrees of freedom."""
    half = student_t(freedom) * sd
    return Estimate(value, value - half, value + half, used)


def student_t(freedom: float, level: float = LEVEL) -> float:
    """Half-width of the central interval of Student's t distribution, in scales.

    Cornish-Fisher expansion in 1/freedom (Abramowitz and Stegun 26.7.5): within 0.1 % from six degrees of freedom on,
    which is what the priors start with.

    Args:
        freedom: degrees of freedom, at least 6.
        level: share inside the interval.
    """
    z = NormalDist().inv_cdf(0.5 + level / 2.0)
    terms = (
        (z**3 + z) / 4.0,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96.0,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384.0,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160.0,
    )
    return z + sum(term / freedom ** (k + 1) for k, term in enumerate(terms))
