"""The rules of one camera at work: steps them all, filters by the site's hours, and drops a plug-in that fails."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from nutgiao.edge.violation.registry import OWN, plugins, setting_of, tolerances
from nutgiao.edge.violation.rule import GroundRule, Post, Rule, Scene, Violation
from nutgiao.edge.violation.trace import SignalTrace
from nutgiao.models.contracts.hours import certainly_hold
from nutgiao.models.contracts.site import Approach
from nutgiao.models.contracts.site_rules import RuleSetting

log = logging.getLogger(__name__)

EMERGENCY_S = 10.0
"""So long before and after a time in which an emergency vehicle may be coming nobody on its approach is told of."""

EMERGENCY_TOLD_S = 120.0
"""Up to so far from it the reviewer is told how far."""


class RunningRules:
    """Every rule that the site runs in the eyes of one camera.

    Args:
        post: where they stand watch.
        approaches: that the camera watches, in the order of its scenes.

    Attributes:
        faults: plug-ins that were dropped or never began, by kind, with the reason in words.
    """

    def __init__(self, post: Post, approaches: Sequence[Approach]) -> None:
        self._post = post
        self._known = {approach.id for approach in post.site.approaches}
        self._at: list[tuple[int, RuleSetting, Rule]] = []
        self._ground: list[tuple[RuleSetting, GroundRule]] = []
        self._plugins: list[tuple[RuleSetting, GroundRule]] = []
        self.faults: dict[str, str] = {}
        for kind, own in OWN.items():
            setting = setting_of(post.site, kind)
            if not setting.enabled:
                continue
            settings = tolerances(setting, own.settings())
            if own.at_approach is not None:
                for k, approach in enumerate(approaches):
                    here = not setting.approaches or approach.id in setting.approaches
                    rule = own.at_approach(post, approach, settings) if here else None
                    if rule is not None:
                        self._at.append((k, setting, rule))
            if own.on_ground is not None:
                ground = own.on_ground(post, settings)
                if ground is not None:
                    self._ground.append((setting, ground))
        self._load_plugins()

    def step(self, scene: Scene, trace: SignalTrace) -> list[Violation]:
        """Takes one frame in.

        Args:
            scene: tracks of the camera and their places on its approaches.
            trace: what the lamps showed, at least up to its time.

        Returns:
            Violations that became suspected or final in this frame, in the hours and on the approaches that the site
            names.
        """
        found: list[Violation] = []
        for k, setting, rule in self._at:
            found += self._meant(setting, rule.step(scene.placed[k], trace), trace)
        for setting, ground in self._ground:
            found += self._meant(setting, ground.step(scene, trace), trace)
        for setting, plugin in tuple(self._plugins):
            try:
                told = [self._checked(setting, one) for one in plugin.step(scene, trace)]
                found += self._meant(setting, told, trace)
            except Exception as error:  # noqa: BLE001 - a stranger's code must not stop our own rules
                self._plugins.remove((setting, plugin))
                self._fail(setting.kind, f"it failed and was stopped: {type(error).__name__}: {error}")
        return found

    def _meant(self, setting: RuleSetting, violations: Iterable[Violation], trace: SignalTrace) -> list[Violation]:
        """Violations in the hours and on the approaches of a setting, and not beside an emergency vehicle.

        The detector does not tell an ambulance from a van, nor who made way for one; so nobody is told of on an
        approach by which one has asked for priority.
        """
        found = []
        for one in violations:
            if setting.approaches and one.approach not in setting.approaches:
                continue
            apart_s = math.inf if one.approach is None else trace.emergency_apart_s(one.approach, one.occurred_s)
            if apart_s <= EMERGENCY_S or not self._in_hours(setting, one, trace):
                continue
            if apart_s <= EMERGENCY_TOLD_S:
                numbers = {**one.numbers, "emergency_request_apart_s": round(apart_s, 1)}
                found.append(replace(one, numbers=numbers))
            else:
                found.append(one)
        return found

    def _in_hours(self, setting: RuleSetting, one: Violation, trace: SignalTrace) -> bool:
        """Whether a setting's hours hold for certain at the act."""
        return certainly_hold(setting.hours, one.occurred_s, self._post.site.utc_offset_h, trace.clock_off_s)

    def _checked(self, setting: RuleSetting, one: Violation) -> Violation:
        """A plug-in's violation, if it speaks for itself only and everything that it names is there."""
        if not isinstance(one, Violation):
            raise TypeError(f"it told a {type(one).__name__}, not a Violation")
        if one.kind != setting.kind or one.camera != self._post.camera.id:
            raise ValueError(f"it told '{one.kind}' by camera '{one.camera}'")
        if one.approach is not None and one.approach not in self._known:
            raise ValueError(f"there is no approach '{one.approach}'")
        figures = (one.occurred_s, one.confidence, *one.moments, *one.numbers.values())
        if not all(math.isfinite(figure) for figure in figures):
            raise ValueError("it told a figure that is no number")
        return one

    def _load_plugins(self) -> None:
        installed = plugins()
        for setting in self._post.site.rules:
            entry = installed.get(setting.kind)
            if not setting.enabled or entry is None or setting.kind in OWN:
                continue
            try:
                rule = entry.load()(self._post, setting)
            except Exception as error:  # noqa: BLE001 - as above
                self._fail(setting.kind, f"it could not be started: {type(error).__name__}: {error}")
            else:
                self._plugins.append((setting, rule))

    def _fail(self, kind: str, reason: str) -> None:
        reason = reason.replace(";", ",")[:200]  # health notes are parted by semicolons
        self.faults[kind] = reason
        log.exception("rule %s of a plug-in at camera %s: %s", kind, self._post.camera.id, reason)
