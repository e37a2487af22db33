"""What every detector can do: turn one picture into road users with boxes in pixels of that picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.vision.cards import ModelCard
from nutgiao.models.vision.detections import Detections


@dataclass(frozen=True, slots=True)
class Sight:
    """What a detector saw in one picture.

    Attributes:
        users: road users; a rider and the machine are one.
        faint: boxes that are too weak to be counted, and strong enough that somebody's face may be in them.
    """

    users: Detections
    faint: Detections


class Detector(Protocol):
    """A detector of road users."""

    @property
    def card(self) -> ModelCard:
        """What the weights are."""
        ...

    def look(self, image: NDArray[np.uint8]) -> Sight:
        """Finds the road users in one picture.

        Args:
            image: ``(h, w, 3)`` uint8 BGR.

        Returns:
            Boxes in pixels of the picture.
        """
        ...
