"""What every detector can do: turn one picture into road users with boxes in pixels of that picture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.vision.cards import ModelCard
from nutgiao.models.vision.detections import Detections
from nutgiao.models.vision.tiles import Box


@dataclass(frozen=True, slots=True)
class Look:
    """A picture to look at.

    Attributes:
        image: ``(h, w, 3)`` uint8 BGR.
        tiles: parts of it that are looked at besides the whole.
    """

    image: NDArray[np.uint8]
    tiles: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Sight:
    """What a detector saw in one picture.

    Attributes:
        users: road users; a rider and the machine are one.
        faint: boxes that are too weak to be counted, and strong enough that somebody's face may be in them.
    """

    users: Detections
    faint: Detections


class Detector(ABC):
    """A detector of road users.

    Attributes:
        at_once: pictures that one call takes with a gain: 1 on a processor, several on an accelerator.
    """

    at_once: int = 1

    @property
    @abstractmethod
    def card(self) -> ModelCard:
        """What the weights are."""

    @abstractmethod
    def look(self, image: NDArray[np.uint8], tiles: Sequence[Box] = ()) -> Sight:
        """Finds the road users in one picture.

        Args:
            image: ``(h, w, 3)`` uint8 BGR.
            tiles: parts of it that are looked at besides the whole, so that far road users are large enough.

        Returns:
            Boxes in pixels of the picture.
        """

    def look_all(self, looks: Sequence[Look]) -> list[Sight]:
        """Finds the road users in several pictures, also of different cameras and sizes.

        Returns:
            For each picture its boxes, in pixels of it.
        """
        return [self.look(one.image, one.tiles) for one in looks]
