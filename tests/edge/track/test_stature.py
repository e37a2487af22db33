"""How tall a class stands is the median of its last whole boxes."""

from __future__ import annotations

import numpy as np

from nutgiao.edge.track.stature import Stature


def test_the_median_of_whole_boxes_by_class_and_no_answer_before_there_are_enough() -> None:
    stature, random = Stature(), np.random.default_rng(1)
    told: dict[int, list[float]] = {0: [], 2: []}
    assert np.isnan(stature.share).all()
    for _ in range(40):
        codes = random.choice([0, 2], 8).astype(np.int8)
        shares = random.uniform(0.1, 0.3, 8)
        shares[3], shares[5] = np.nan, 1.7  # a cut box, and one that no vehicle can have
        stature.learn(codes, shares)
        for code, share in zip(codes.tolist(), shares.tolist(), strict=True):
            if share < 0.9:
                told[code].append(share)
    for code, shares_told in told.items():
        last = len(shares_told) // 16 * 16  # it is renewed with every sixteenth
        assert stature.share[code] == np.median(shares_told[max(0, last - 128) : last])
    assert np.isnan(stature.share[[1, 3, 4, 5]]).all()
