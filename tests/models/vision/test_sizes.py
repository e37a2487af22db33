from __future__ import annotations

import numpy as np
import pytest

from nutgiao.configs.loader import load_site
from nutgiao.models.contracts.words import CLASS_CODE, CLASSES, VehicleClass
from nutgiao.models.vision.detections import Detections
from nutgiao.models.vision.homography import fit_homography
from nutgiao.models.vision.sizes import ground_width_m, narrow_is_no_bus

HOMOGRAPHY = fit_homography(np.array(load_site("giangvo").cameras[0].ground_pairs))


def test_van_at_giang_vo_is_no_bus() -> None:
    # The 16-seat van of the clip, its rear with and without the mirror; the network calls it bus, truck or car.
    van = Detections(
        np.array([[52, 254, 190, 434], [52, 254, 180, 434], [52, 254, 180, 434]], np.float32),
        np.ones(3, np.float32),
        np.array([CLASS_CODE[VehicleClass.BUS], CLASS_CODE[VehicleClass.TRUCK], CLASS_CODE[VehicleClass.CAR]], np.int8),
    )
    assert ground_width_m(van, HOMOGRAPHY)[1] == pytest.approx(2.05, abs=0.15)
    assert {CLASSES[code] for code in narrow_is_no_bus(van, HOMOGRAPHY).classes} == {VehicleClass.CAR}


def test_real_bus_stays_a_bus() -> None:
    bus = Detections(
        np.array([[52, 200, 232, 434]], np.float32),
        np.ones(1, np.float32),
        np.array([CLASS_CODE[VehicleClass.BUS]], np.int8),
    )
    assert narrow_is_no_bus(bus, HOMOGRAPHY).classes.tolist() == bus.classes.tolist()
