"""The worked example of a rule in a package of its own, from pip to a case in a centre that never heard of its kind."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from nutgiao.central.cases.auto import Auto
from nutgiao.central.cases.bundles import Bundles
from nutgiao.central.evidence import by_keys
from nutgiao.central.sqlite_store import SqliteStore
from nutgiao.configs.cases import load_case_rules
from nutgiao.edge.evidence.bundle import EvidenceBuilder
from nutgiao.edge.evidence.verify import verify_bundle
from nutgiao.edge.perception import Perception
from nutgiao.edge.violation.registry import plugins, rule_problems
from nutgiao.models.contracts.messages import EvidenceRef, ViolationReport, decode, encode
from nutgiao.models.contracts.site import Site
from nutgiao.models.contracts.site_rules import RuleSetting
from nutgiao.models.contracts.words import VehicleClass, ZoneKind
from tests.support.centre import BOX
from tests.support.scenes import START_S, Scene, Vehicle, brake, drive, watch
from tests.support.zone_scenes import site_with, zone

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "nutgiao-rule-example"
KIND = "tram.on_rails"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, installed by pip into a folder of its own, without the internet."""
    source = shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("source") / "example")
    target = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-index", "--no-build-isolation", "--target", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return target


@pytest.fixture
def example(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(installed))
    importlib.invalidate_caches()


def rails(zone_id: str = "rails_1", **figures: float) -> Site:
    place = msgspec.structs.replace(zone(ZoneKind.OTHER, (20.0, 45.0), (0.0, 9.0)), id=zone_id)
    return msgspec.structs.replace(site_with(place), rules=(RuleSetting(kind=KIND, figures=figures),))


def test_without_the_package_its_rule_is_refused_by_name() -> None:
    ((key, problem, _),) = rule_problems(rails())
    assert key == ("rules", 0, "kind")
    assert f"no installed package brings the rule '{KIND}'" in problem


@pytest.mark.usefixtures("example")
def test_its_violation_goes_all_the_way_to_a_case_in_the_centre(tmp_path: Path) -> None:
    assert KIND in plugins()
    perception = Perception(rails(seconds=8.0), "j1", "b1")
    scene = Scene([Vehicle(brake(8.0, 32.0, 8.0), 4.5, VehicleClass.CAR), Vehicle(drive(8.0, 12.0), 1.0)])
    (told,) = watch(perception, scene, 25).violations
    assert (told.kind, told.approach, told.zone) == (KIND, None, "rails_1")
    assert told.occurred_s - START_S == pytest.approx(8.0, abs=1.5)
    sealer = EvidenceBuilder(tmp_path / "box", BOX.key, site=rails(), node="j1", boot="b1", software="0")
    sealed = sealer.seal("v-tram", perception.case(told))
    assert verify_bundle(sealed.path, sealer.public_key_hex).intact
    report = ViolationReport(
        id="j1-b1-1", node="j1", boot="b1", seq=1, time_s=START_S + 25.0, expires_s=START_S + 1e6, violation="v-tram",
        kind=told.kind, approach=None, lane=None, track=told.track, vehicle_class=told.vehicle_class,
        occurred_s=told.occurred_s, confidence=told.confidence, numbers=told.numbers, zone=told.zone,
        evidence=EvidenceRef(bundle=sealed.name, manifest_sha256=sealed.manifest_sha256),
    )  # fmt: skip
    heard = decode(encode(report))
    assert isinstance(heard, ViolationReport)
    store = SqliteStore(tmp_path / "centre.db", tmp_path / "evidence")
    store.add_node_key("j1", BOX.public_key, START_S)
    store.add_violation(heard, START_S + 26.0)
    shutil.copy(sealed.path, store.evidence / "v-tram.zip")
    bundles = Bundles(store.evidence, by_keys({"j1": {BOX.public_key}}))
    assert Auto(store, bundles, load_case_rules()).check_new(START_S + 27.0) == 1
    case = store.violation("v-tram")
    assert case is not None
    assert (case.report.kind, case.report.zone) == (KIND, "rails_1")


@pytest.mark.usefixtures("example")
def test_a_plug_in_that_cannot_start_is_named_and_stops_nobody() -> None:
    perception = Perception(rails("tracks"), "j1", "b1")
    assert "no zone whose name begins with 'rails'" in perception.rule_faults[KIND]
    assert watch(perception, Scene([Vehicle(drive(8.0, 6.0))]), 10).crossings
