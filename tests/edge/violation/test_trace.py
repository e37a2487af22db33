"""What may be said about a lamp between two reports."""

from __future__ import annotations

from nutgiao.edge.violation.trace import SignalTrace
from tests.support.scenes import AMBER, GREEN, RED, UNKNOWN


def trace(*reports: tuple[float, object]) -> SignalTrace:
    signals = SignalTrace()
    for time_s, shown in reports:
        signals.report(time_s, {"g": shown})  # type: ignore[dict-item]
    return signals


def test_red_begins_with_its_first_report_and_is_certain_up_to_its_last() -> None:
    signals = trace((10, AMBER), (11, RED), (12, RED), (13, GREEN))
    assert signals.red_since("g", 10.5) is None  # it may have begun by then, but nobody saw it
    assert signals.red_since("g", 11.0) == 11
    assert signals.red_since("g", 12.0) == 11
    assert signals.red_since("g", 12.5) is None  # it may have ended by then
    assert signals.indication_at("g", 10.9) is AMBER


def test_silence_ends_a_red() -> None:
    signals = trace((10, RED), (20, RED))
    assert signals.red_since("g", 15) is None
    assert signals.red_since("g", 20) == 20
    assert signals.indication_at("g", 15) is UNKNOWN
    assert signals.indication_at("g", 5) is UNKNOWN
    assert signals.indication_at("other", 10) is UNKNOWN


def test_a_late_report_changes_nothing() -> None:
    signals = trace((10, RED), (11, RED), (10.5, GREEN))
    assert signals.red_since("g", 11) == 10
