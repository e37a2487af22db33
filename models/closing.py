"""What is closed when its ``with`` block ends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self


class Closing(ABC):
    """Gives a class that has ``close`` the ``with`` statement: whatever ends the block, `close` is called once."""

    @abstractmethod
    def close(self) -> None:
        """Lets go of what is held."""

    def __enter__(self) -> Self:
        """The thing itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes it; an error of the block goes on."""
        self.close()
