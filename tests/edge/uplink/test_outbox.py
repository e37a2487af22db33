"""The outbox: nothing that must arrive is lost."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.edge.uplink.outbox import Outbox


def test_letters_survive_the_process(tmp_path: Path) -> None:
    first = Outbox(tmp_path / "o.sqlite")
    first.put("t/a", b"1", retain=False, must_arrive=True)
    first.put("t/b", b"2", retain=True, must_arrive=False)
    first.close()
    second = Outbox(tmp_path / "o.sqlite")
    assert [(x.topic, x.payload, x.retain) for x in second.after(0, 10)] == [("t/a", b"1", False), ("t/b", b"2", True)]


def test_telemetry_makes_room_and_violations_stay(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "o.sqlite", telemetry_limit=3)
    outbox.put("v", b"violation", retain=False, must_arrive=True)
    for k in range(10):
        outbox.put("l", b"%d" % k, retain=False, must_arrive=False)
    assert [letter.payload for letter in outbox.after(0, 99)] == [b"violation", b"7", b"8", b"9"]
    assert outbox.dropped == 7


def test_numbers_are_never_given_twice(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "o.sqlite")
    first = outbox.put("t", b"", retain=False, must_arrive=True)
    outbox.delivered([first])
    assert outbox.put("t", b"", retain=False, must_arrive=True) > first


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.booleans(), st.integers(0, 20)), max_size=60))
def test_what_is_kept_is_what_was_put_and_not_delivered(tmp_path_factory, steps: list[bool | int]) -> None:  # type: ignore[no-untyped-def]
    outbox = Outbox(tmp_path_factory.mktemp("o") / "o.sqlite", telemetry_limit=5)
    model: list[tuple[int, bool]] = []
    for step in steps:
        if isinstance(step, bool):
            if not step and sum(not must for _, must in model) >= 5:
                model.remove(next(row for row in model if not row[1]))
            model.append((outbox.put("t", b"", retain=False, must_arrive=step), step))
        elif model:
            number = model.pop(step % len(model))[0]
            outbox.delivered([number])
    assert [letter.number for letter in outbox.after(0, 999)] == [number for number, _ in model]
    assert len(outbox) == len(model)
