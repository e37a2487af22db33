"""Which sequence numbers of one boot of one node have come, exactly, as a short list of ranges."""

from __future__ import annotations

from bisect import bisect_right


class SequenceLog:
    """Numbers seen so far; memory grows with the gaps, not with the messages."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []  # inclusive
        self.written_off = 0

    def add(self, seq: int) -> bool:
        """Notes a number.

        Returns:
            False if it had come before.
        """
        place = bisect_right(self._starts, seq)
        if place and seq <= self._ends[place - 1]:
            return False
        joins_left = place > 0 and self._ends[place - 1] == seq - 1
        joins_right = place < len(self._starts) and self._starts[place] == seq + 1
        if joins_left and joins_right:
            self._ends[place - 1] = self._ends.pop(place)
            self._starts.pop(place)
        elif joins_left:
            self._ends[place - 1] = seq
        elif joins_right:
            self._starts[place] = seq
        else:
            self._starts.insert(place, seq)
            self._ends.insert(place, seq)
        return True

    @property
    def through(self) -> int:
        """Everything from the first number seen up to this one has come or was written off; 0 before the first."""
        for end in self._ends:
            if end >= self.written_off:
                return end
        return self.written_off

    @property
    def missing(self) -> int:
        """Numbers between the first and the last seen that have not come."""
        if not self._starts:
            return 0
        seen = sum(end - start + 1 for start, end in zip(self._starts, self._ends, strict=True))
        return self._ends[-1] - self._starts[0] + 1 - seen

    def write_off(self, seq: int) -> None:
        """Stops waiting for numbers up to this one; they stay counted as missing."""
        self.written_off = max(self.written_off, seq)
