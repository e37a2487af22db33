"""A centre with something to show: one crossroads that has spoken, cases with bundles, and a plan that was refused."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

from nutgiao.central.sqlite_store import SqliteStore
from nutgiao.central.state import NetworkState
from nutgiao.models.contracts.safety import Refusal, Rule
from nutgiao.models.contracts.words import ViolationKind
from tests.support.crossroads import NOON_S, crossroads, plan_for
from tests.support.voice import Voice

NOW = float(NOON_S)
SITE = crossroads()

# the smallest JPEG a browser shows: one grey pixel
PIXEL = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300"
    + "01" * 64
    + "ffc0000b080001000101011100ffc4001f0000010501010101010100000000"
    "000000000102030405060708090a0bffc400b5100002010303020403050504040000017d01020300041105122131410613516107227114328191a1082342b1c1"
    "1552d1f02433627282090a161718191a25262728292a3435363738393a434445464748494a535455565758595a636465666768696a737475767778797a838485"
    "868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4"
    "f5f6f7f8f9faffda0008010100003f007f00ffd9"
)


def bundle() -> bytes:
    """A bundle with the members that a sealed one has."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as packed:
        for name in ("before", "at", "beyond"):
            packed.writestr(f"{name}.jpg", PIXEL)
        rows = [f"{NOW - 3 + k / 4:.3f},{6.0 - k:.3f},2.0,4.0,0.3,1,{'green' if k < 3 else 'red'}" for k in range(12)]
        packed.writestr("trace.csv", "\n".join(["time_s,x_m,y_m,speed_mps,sd_m,seen,lamp", *rows]) + "\n")
        stills = [
            {"file": f"{name}.jpg", "time_s": NOW - 2 + k, "lamp": "red"}
            for k, name in enumerate(("before", "at", "beyond"))
        ]
        packed.writestr("manifest.json", json.dumps({"stills": stills}))
        packed.writestr("signature.bin", b"\0" * 64)
    return body.getvalue()


def filled(folder: Path) -> tuple[NetworkState, SqliteStore]:
    """State and store of that centre; cases v1 (with a bundle) and v2 (without)."""
    state, store, voice = NetworkState([SITE]), SqliteStore(folder / "centre.db", folder / "evidence"), Voice(SITE)
    for second in range(120):
        time_s = NOW - 120 + second
        state.take(voice.lanes(time_s, queue_veh=12, departures_mcu=0.5, back_m=31.0, life_s=130.0), time_s)
    state.take(voice.health(NOW, life_s=1e6), NOW)
    state.take(voice.signal(NOW, life_s=1e6), NOW)
    plan = plan_for(SITE, revision=4)
    refusal = Refusal(rule=Rule.MAX_RED, reason="s is red for 160 s", cure="serve it after at most 150 s", second=41)
    for sent, answer in ((plan, voice.reply(NOW, plan, refusal)),):
        state.sent(sent, NOW)
        store.add_plan(sent, NOW)
        state.take(answer, NOW)
        store.answer_plan(answer)
    store.add_violation(voice.violation(NOW, "v1", bundle="v1.zip"), NOW)
    store.add_violation(voice.violation(NOW - 60, "v2", kind=ViolationKind.WRONG_WAY), NOW)
    (store.evidence / "v1.zip").write_bytes(bundle())
    return state, store
