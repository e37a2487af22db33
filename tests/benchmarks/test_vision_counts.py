"""The drawn queue that stands over the line: while a new track is taken to drive it must not count the rider ahead."""

from __future__ import annotations

from benchmarks.vision_counts import standing_queue


def test_nobody_is_counted_in_the_first_seconds_of_a_standing_queue() -> None:
    rows, (target,) = standing_queue(90)
    assert rows[0]["boxes"] == 60
    assert target["pass"]
