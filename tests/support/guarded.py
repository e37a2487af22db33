"""A junction for tests: the virtual cabinet with guard and ladder in front of it, and everything that may be cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nutgiao.edge.signal.drivers import Adaptive
from nutgiao.edge.signal.grounds import Surroundings
from nutgiao.edge.signal.guard import Guard
from nutgiao.edge.signal.ladder import Answer, Ladder
from nutgiao.edge.signal.signature import centre_signature
from nutgiao.models.contracts.controller import CabinetRequest, CabinetStatus, StageCall
from nutgiao.models.contracts.messages import CameraHealth, CentreHeartbeat, PlanProposal
from nutgiao.models.contracts.plan import SignalPlan, local_plan, scheduled_row
from nutgiao.models.contracts.safety import check_lamps
from nutgiao.models.contracts.site import Camera, Signals, Site, site_hash
from nutgiao.models.contracts.step_guard import StepGuard
from nutgiao.models.contracts.timeline import AMBER, GREEN, RED
from nutgiao.models.contracts.words import Indication
from nutgiao.simulation.cabinet import Cabinet
from tests.support.crossroads import NOON_S

CODES = {Indication.RED: RED, Indication.GREEN: GREEN, Indication.AMBER: AMBER}
BEAT_S = 5


def with_cameras(site: Site) -> Site:
    """The same site with a camera for each approach, named after it."""
    square = tuple((u, v, u / 50, v / 50) for u in (0.0, 900.0) for v in (0.0, 700.0))
    cameras = (
        Camera(
            id=f"cam-{a.id}", source="virtual:", width_px=960, height_px=720, approaches=(a.id,), ground_pairs=square
        )
        for a in site.approaches
    )
    return msgspec.structs.replace(site, cameras=tuple(cameras))


class Junction:
    """A cabinet with a ladder in front of it, turned second by second; tests cut what the ladder rests on.

    Args:
        site: with a signal side.
        trusted: whether signatures are the centre's.
        now_s: first second.
        adaptive: makes the adaptive control of this junction.
        key: signs what the centre sends; None where signatures are taken as they are.
        kept: file in which the box keeps its plan over a restart.

    Attributes:
        link: the broker can be reached.
        centre: the centre sends its heartbeat.
        blind: cameras that deliver no frames.
        wrong_s: how far the box's clock is ahead of the street's.
        silent: the controller does not answer.
        deaf: the controller takes nothing in.
        neighbours: those whose news is overdue.
        calls: stages that were called.
        lamps: of each second, by group.
    """

    def __init__(
        self,
        site: Site,
        *,
        trusted: bool = True,
        now_s: int = NOON_S,
        adaptive: Callable[[Signals], Adaptive] | None = None,
        key: Ed25519PrivateKey | None = None,
        kept: Path | None = None,
    ) -> None:
        assert site.signals is not None
        self.site, self.signals, self.now_s, self.begin_s = site, site.signals, now_s, now_s
        row = scheduled_row(self.signals, (now_s + 7 * 3600) % 86400)
        self.cabinet = Cabinet(self.signals, local_plan(site.id, self.signals, site_hash(site), row), now_s)
        self._adaptive, self._key, self._kept = adaptive, key, kept
        self._signed = centre_signature(key.public_key().public_bytes_raw().hex()) if key else lambda *_: trusted
        self.restart()
        self.shown = self.cabinet.tick(now_s)
        self.lamps: list[list[int]] = []
        self.link = self.centre = True
        self.silent = self.deaf = False
        self.blind: set[str] = set()
        self.wrong_s = 0
        self.neighbours: tuple[str, ...] = ()
        self.calls: list[StageCall] = []
        self.requests: list[CabinetRequest] = []

    def restart(self) -> None:
        """The box begins anew; cabinet and street go on."""
        guard = Guard(self.site, self._signed, adaptive=self._adaptive is not None)
        made = self._adaptive(self.signals) if self._adaptive is not None else None
        self.ladder = Ladder(self.site, guard, self, made, NOON_S - 1e7, self._kept)

    def status(self) -> CabinetStatus | None:
        return None if self.silent else self.shown

    def request(self, request: CabinetRequest) -> None:
        self.requests.append(request)
        if not self.deaf and not self.silent:
            self.cabinet.request(request)

    def call(self, call: StageCall) -> None:
        self.calls.append(call)
        if not self.deaf and not self.silent:
            self.cabinet.call(call)

    def around(self) -> Surroundings:
        beat = self.link and self.centre and self.now_s % BEAT_S == 0
        head = {"id": "h", "node": "centre", "boot": "b", "seq": 1, "time_s": 0.0, "expires_s": 9e9}
        cameras = [
            CameraHealth(camera=camera.id, age_s=60.0 if camera.id in self.blind else 0.1, frames=9, dropped=0)
            for camera in self.site.cameras
        ]
        return Surroundings(
            steady_s=float(self.now_s - self.begin_s),
            link=self.link,
            beats=[CentreHeartbeat(**head, state="online", revisions={})] if beat else [],
            cameras=cameras,
            silent=self.neighbours,
        )

    def second(self, *plans: SignalPlan) -> list[Answer]:
        head = {"id": "i", "node": "centre", "boot": "b", "seq": 1, "time_s": 0.0, "expires_s": 9e9}
        proposals = [PlanProposal(**head, plan=plan, signature=self._sign(plan)) for plan in plans]
        answers = self.ladder.second(float(self.now_s + self.wrong_s), proposals, self.around())
        self.now_s += 1
        self.shown = self.cabinet.tick(self.now_s)
        self.lamps.append([CODES.get(shown, RED) for shown in self.shown.groups])
        return answers

    def _sign(self, plan: SignalPlan) -> str:
        return self._key.sign(plan.signing_bytes()).hex() if self._key is not None else "00"

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.second()

    def until(self, true: Callable[[], bool], within_s: int) -> int:
        """Runs until something is true; returns the seconds that it took."""
        for second in range(within_s + 1):
            if true():
                return second
            self.second()
        raise AssertionError(f"not within {within_s} s; {self.ladder.rungs.rung}: {self.ladder.rungs.reason}")

    def broken(self) -> list[str]:
        """What the plan rules, and a guard of its own over every second, say about all lamps that were shown."""
        found = [str(refusal) for refusal in check_lamps(self.signals, np.array(self.lamps, np.int8))]
        return found + refused(self.signals, self.lamps)


def refused(signals: Signals, lamps: Sequence[Sequence[int]]) -> list[str]:
    """What an independent guard says about lamps, second by second; it goes on after each refusal from anew."""
    guard = StepGuard(signals.groups, signals.intergreens)
    found = []
    for second, row in enumerate(lamps):
        broken = guard.check(row)
        if broken:
            found += [f"second {second}: {refusal}" for refusal in broken]
            guard = StepGuard(signals.groups, signals.intergreens)
        guard.step(row)
    return found
