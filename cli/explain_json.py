"""An explained decision as JSON, for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from nutgiao.models.contracts.decision import Decision, LightName, LogHeader, Second


def as_json(header: LogHeader, seconds: Iterable[Second], light: int | None) -> str:
    """Some seconds of a log.

    Args:
        header: of the log.
        seconds: that are told.
        light: only this one; None for all.
    """
    about = {key: value for key, value in _plain(header).items() if key != "lights"}
    decisions = [
        {"at_s": second.at_s, **_decision(header.lights[one.light], one)}
        for second in seconds
        for one in second.lights
        if light is None or one.light == light
    ]
    return json.dumps({**about, "decisions": decisions}, ensure_ascii=False, indent=1)


def _decision(light: LightName, decision: Decision) -> dict[str, Any]:
    rival = decision.rival
    told = {
        **_plain(decision),
        "light": light.id,
        "margin": rival[1] if rival is not None else None,
        "stages": light.stages,
    }
    for row in told["seen"]:
        row["way"] = _plain(light.links[row["link"]])
    return told


def _plain(value: Any) -> Any:
    """Structs as objects with the names of their fields."""
    if isinstance(value, msgspec.Struct):
        return {name: _plain(one) for name, one in msgspec.structs.asdict(value).items()}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value
