"""What all tests share: where the recorded streets are, and how long hypothesis may think."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parent.parent
CI = os.environ.get("CI") == "true"

# No deadlines: two cores shared with SUMO say nothing about an algorithm. In CI the same examples each time, so that a
# red run is the fault of the change and not of the dice; at a desk new ones, which is where they find something.
settings.register_profile("desk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("desk"), derandomize=True, print_blob=True)
settings.load_profile("ci" if CI else "desk")


def missing(what: str) -> None:
    """Skips a test that needs what is not on this machine; in CI it fails instead.

    Args:
        what: what is missing and how to get it.
    """
    if CI:
        pytest.fail(f"{what} (missing in CI)")
    pytest.skip(what)


@pytest.fixture(scope="session")
def street_data() -> Callable[[str], Path]:
    """Finds a file of the recorded streets: ``street_data("clips/hn_giangvo_langha_6fps.mp4")``."""
    folder = Path(os.environ.get("NUTGIAO_DATA") or "../shared/data")
    folder = folder if folder.is_absolute() else ROOT / folder

    def find(name: str) -> Path:
        path = folder / name
        if not path.exists():
            missing(f"{name} is not in {folder}; NUTGIAO_DATA names the folder of recorded streets")
        return path

    return find
