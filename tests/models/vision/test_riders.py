from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.models.contracts.words import CLASS_CODE, CLASSES, VehicleClass
from nutgiao.models.vision.detections import Detections
from nutgiao.models.vision.riders import hidden_below, join_riders, presume_riders

MOTORCYCLE, PERSON, BICYCLE, CAR = (
    VehicleClass.MOTORCYCLE,
    VehicleClass.PEDESTRIAN,
    VehicleClass.BICYCLE,
    VehicleClass.CAR,
)


def street(*users: tuple[VehicleClass, tuple[float, float, float, float]]) -> Detections:
    return Detections(
        np.array([box for _, box in users], np.float32).reshape(-1, 4),
        np.linspace(0.9, 0.5, len(users)).astype(np.float32),
        np.array([CLASS_CODE[name] for name, _ in users], np.int8),
    )


def names(detections: Detections) -> list[VehicleClass]:
    return [CLASSES[code] for code in detections.classes]


def test_rider_and_scooter_become_one_motorcycle() -> None:
    joined = join_riders(street((PERSON, (100, 50, 140, 130)), (MOTORCYCLE, (98, 95, 142, 150))))
    assert names(joined) == [MOTORCYCLE]
    assert joined.boxes_px[0].tolist() == [98, 50, 142, 150]
    assert joined.scores[0] == np.float32(0.9)


def test_passenger_rides_too_but_four_people_do_not() -> None:
    rider = (100.0, 50.0, 140.0, 130.0)
    people = [(PERSON, tuple(np.add(rider, (dx, 0, dx, 0)).tolist())) for dx in (0, 4, 8, 30)]
    joined = join_riders(street((MOTORCYCLE, (98, 90, 160, 150)), *people))
    assert names(joined).count(MOTORCYCLE) == 1
    assert names(joined).count(PERSON) <= 1


def test_pedestrian_beside_a_parked_scooter_stays_on_foot() -> None:
    parked = street((MOTORCYCLE, (200, 100, 250, 150)), (PERSON, (245, 70, 275, 160)))
    assert names(join_riders(parked)) == [MOTORCYCLE, PERSON]
    assert join_riders(parked).boxes_px.tolist() == parked.boxes_px.tolist()


def test_parked_scooter_alone_and_a_lone_pedestrian_stay_what_they_are() -> None:
    for alone in (street((MOTORCYCLE, (0, 0, 50, 60))), street((PERSON, (0, 0, 20, 60))), Detections.empty()):
        assert names(join_riders(alone)) == names(alone)


def test_the_same_machine_found_twice_is_one_road_user() -> None:
    twice = street(
        (PERSON, (100, 50, 140, 130)),
        (MOTORCYCLE, (96, 52, 144, 150)),  # the whole picture saw machine and rider in one box
        (MOTORCYCLE, (102, 105, 138, 149)),  # a tile saw only the machine
    )
    assert names(join_riders(twice)) == [MOTORCYCLE]


def test_head_and_trunk_of_somebody_found_whole_are_no_second_person() -> None:
    """As at Hang Giay: boxes 771,448 to 830,509 and 768,447 to 832,546 are one rider behind another."""
    whole, trunk = (768, 447, 832, 546), (771, 448, 830, 509)
    alone = join_riders(street((PERSON, whole), (PERSON, trunk)))
    beside = join_riders(street((PERSON, trunk), (PERSON, whole), (MOTORCYCLE, (100, 540, 160, 640))))
    assert alone.boxes_px.tolist() == [list(whole)]
    assert names(beside) == [MOTORCYCLE, PERSON]
    assert beside.boxes_px[1].tolist() == list(whole)


def test_child_in_front_of_a_grown_up_is_a_person_of_its_own() -> None:
    """The head is lower, so there are two people, and two faces to cover."""
    assert len(join_riders(street((PERSON, (100, 100, 160, 260)), (PERSON, (102, 160, 156, 258))))) == 2


def test_child_between_the_grown_ups_is_no_pedestrian() -> None:
    family = street((MOTORCYCLE, (98, 95, 142, 150)), (PERSON, (100, 50, 140, 130)), (PERSON, (110, 60, 130, 90)))
    assert names(join_riders(family)) == [MOTORCYCLE]


boxes = st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(5, 80), st.integers(5, 120))


@given(
    users=st.lists(st.tuples(st.sampled_from([PERSON, MOTORCYCLE, BICYCLE, CAR]), boxes), max_size=25),
)
def test_joining_invents_nobody_and_leaves_cars_alone(
    users: list[tuple[VehicleClass, tuple[int, int, int, int]]],
) -> None:
    before = street(*[(name, (x, y, x + w, y + h)) for name, (x, y, w, h) in users])
    after = join_riders(before)
    for name in (PERSON, MOTORCYCLE, BICYCLE):
        assert names(after).count(name) <= names(before).count(name)
    cars = [i for i, name in enumerate(names(before)) if name is CAR]
    kept = [i for i, name in enumerate(names(after)) if name is CAR]
    assert after.boxes_px[kept].tolist() == before.boxes_px[cars].tolist()
    if PERSON not in names(before):
        assert len(after) == len(before)
    # every machine that is left reaches at least as far as one that was there
    for box in after.boxes_px[[i for i, name in enumerate(names(after)) if name in (MOTORCYCLE, BICYCLE)]]:
        old = before.boxes_px[[i for i, name in enumerate(names(before)) if name in (MOTORCYCLE, BICYCLE)]]
        assert np.any(np.all(box[:2] <= old[:, :2], axis=1) & np.all(box[2:] >= old[:, 2:], axis=1))


def test_rider_without_a_machine_is_one_where_only_riders_can_be() -> None:
    queue = street((PERSON, (100, 50, 140, 110)), (MOTORCYCLE, (95, 80, 145, 200)), (PERSON, (300, 50, 320, 110)))
    assert hidden_below(queue).tolist() == [True, False, False]
    presumed = presume_riders(queue, np.array([True, True, False]))
    assert names(presumed) == [MOTORCYCLE, MOTORCYCLE, PERSON]
    assert presumed.boxes_px.tolist() == queue.boxes_px.tolist()


def test_box_behind_another_column_is_not_hidden() -> None:
    assert not hidden_below(street((PERSON, (100, 50, 140, 110)), (MOTORCYCLE, (130, 80, 190, 200)))).any()
    assert hidden_below(Detections.empty()).shape == (0,)
