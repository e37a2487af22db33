"""A node's voice for tests: messages with proper headers, numbered one after the other."""

from __future__ import annotations

from nutgiao.models.contracts.messages import (
    EvidenceRef,
    Health,
    LaneState,
    LaneTelemetry,
    PlanReply,
    SignalStatus,
    ViolationReport,
)
from nutgiao.models.contracts.plan import SignalPlan
from nutgiao.models.contracts.safety import Refusal
from nutgiao.models.contracts.site import Site
from nutgiao.models.contracts.words import ControlSource, Indication, VehicleClass, ViolationKind


class Voice:
    """Makes the messages of one node and boot.

    Args:
        site: whose node speaks.
        boot: run of its process.
    """

    def __init__(self, site: Site, boot: str = "b1") -> None:
        self.site, self.boot, self.seq = site, boot, 0

    def head(self, time_s: float, life_s: float) -> dict[str, object]:
        self.seq += 1
        return {
            "id": f"{self.site.id}-{self.boot}-{self.seq}",
            "node": self.site.id,
            "boot": self.boot,
            "seq": self.seq,
            "time_s": time_s,
            "expires_s": time_s + life_s,
        }

    def lanes(
        self,
        time_s: float,
        *,
        queue_veh: int = 0,
        departures_mcu: float = 0.0,
        back_m: float = 0.0,
        life_s: float = 5.0,
    ) -> LaneTelemetry:
        """The same figures on the first lane of every approach, nothing on the others."""

        def lane(name: str, approach: str, mine: bool) -> LaneState:
            return LaneState(
                lane=name, approach=approach, queue_veh=queue_veh * mine, queue_mcu=float(queue_veh * mine),
                ahead_veh=0, back_of_queue_m=back_m * mine, departures_veh=0, departures_mcu=departures_mcu * mine,
                arrivals_mcu=0.0, occupancy=0.2, speed_mps=3.0 if mine else None, beyond_view=False, quality=0.9,
            )  # fmt: skip

        states = tuple(
            lane(each.id, approach.id, k == 0)
            for approach in self.site.approaches
            for k, each in enumerate(approach.lanes)
        )
        return LaneTelemetry(**self.head(time_s, life_s), lanes=states)  # type: ignore[arg-type]

    def signal(
        self,
        time_s: float,
        *,
        plan: str = "day",
        revision: int = 0,
        life_s: float = 5.0,
        second: int = 3,
        source: ControlSource | None = None,
        reason: str = "",
    ) -> SignalStatus:
        groups = {"m": Indication.GREEN, "pm": Indication.GREEN, "s": Indication.RED, "ps": Indication.RED}
        source = source or (ControlSource.CENTRAL if revision else ControlSource.TIME_OF_DAY)
        return SignalStatus(
            **self.head(time_s, life_s), groups=groups, stage="main", cycle_second_s=second, cycle_s=90, plan=plan,
            revision=revision, source=source, in_transition=False, reason=reason,
        )  # type: ignore[arg-type]  # fmt: skip

    def health(self, time_s: float, *, state: str = "online", life_s: float = 15.0) -> Health:
        return Health(**self.head(time_s, life_s), state=state, software="0.1.0", public_key="ab" * 32)  # type: ignore[arg-type]

    def will(self, time_s: float) -> Health:
        """The last will: number 0, as the broker sends it for the node."""
        seq, self.seq = self.seq, -1
        try:
            return Health(**self.head(time_s, 4e9), state="offline", note="the link broke")  # type: ignore[arg-type]
        finally:
            self.seq = seq

    def violation(
        self, time_s: float, name: str, *, kind: ViolationKind = ViolationKind.RED_LIGHT, bundle: str | None = None
    ) -> ViolationReport:
        evidence = EvidenceRef(bundle=bundle, manifest_sha256="00" * 32) if bundle else None
        return ViolationReport(
            **self.head(time_s, 1e6), violation=name, kind=kind, approach="M", lane="m0", track="t/1",
            vehicle_class=VehicleClass.MOTORCYCLE, occurred_s=time_s - 1.0, confidence=0.93,
            numbers={"speed_mps": 7.1, "red_age_s": 1.4}, evidence=evidence,
        )  # type: ignore[arg-type]  # fmt: skip

    def reply(self, time_s: float, plan: SignalPlan, *refusals: Refusal) -> PlanReply:
        return PlanReply(
            **self.head(time_s, 60.0), plan=plan.id, revision=plan.revision, accepted=not refusals,
            starts_s=None if refusals else time_s + 20.0, refusals=refusals,
        )  # type: ignore[arg-type]  # fmt: skip
