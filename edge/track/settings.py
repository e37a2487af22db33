"""What a tracker believes: scores, gates and lifetimes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """What a tracker believes.

    Attributes:
        high_score: detections from here up start and confirm tracks.
        low_score: weaker ones from here up only keep confirmed tracks alive.
        gate: largest squared Mahalanobis distance of a pairing; 16 loses 3 of 10,000 true ones.
        miss_cost: what leaving a track without its detection costs: minus twice the logarithm of the density of other
            road users per square metre, less 3.7; 8 stands for one in 340 m2.
        least_overlap: smallest intersection over union in the picture for who was found nowhere on the ground;
            line counts of the virtual cameras came from -1.9, -5.8 and -12.9 % to 0, -2.8 and -6.5 % by it.
        other_kind_cost: added where a rider's track meets a car's box.
        confirm_hits: detections that confirm a candidate.
        candidate_misses: frames in a row without detection that end a candidate.
        coast_s: how long a confirmed track lives on prediction where it could be seen.
        hide_s: how long it lives where nearer vehicles hide it.
        hidden_share: less of it visible is hidden.
        hidden_mps: only who is slower than this is waited for.
        lost_sd_m: a track whose place is known worse than this would take anybody's detection: it ends.
        noise_share: standard error of a box edge as a share of the box's size, on top of the camera's own in pixels.
    """

    high_score: float = 0.4
    low_score: float = 0.15
    gate: float = 16.0
    miss_cost: float = 8.0
    least_overlap: float = 0.3
    other_kind_cost: float = 6.0
    confirm_hits: int = 3
    candidate_misses: int = 1
    coast_s: float = 2.0
    hide_s: float = 90.0
    hidden_share: float = 0.5
    hidden_mps: float = 2.0
    lost_sd_m: float = 4.0
    noise_share: float = 0.015


@dataclass(frozen=True, slots=True)
class PictureSettings:
    """What a tracker without a map to the ground believes; the same for every camera.

    One choice for all sets of `benchmarks/vision_track.py`, made with all of them in sight: none is held out.

    Attributes:
        high_score: detections from here up may be any track's.
        low_score: weaker ones from here up only keep tracks alive that were seen just now.
        new_score: detections from here up start tracks.
        same: a box that overlaps by more (intersection over union) with one that a track has starts none.
        margin: boxes are compared with each side moved outwards by this share of their width and height.
        least: smallest overlap of a track and its detection.
        least_weak: the same for a weak detection.
        just_now_s: who was seen so lately, or in the last frame, may have a weak detection.
        evidence: sum of the scores that confirms a candidate; in the first picture one detection does.
        patience_s: a candidate waits for one more frame as long as that keeps it waiting no longer than this.
        coast_s: how long a confirmed track lives on prediction.
        candidate_misses: frames in a row without detection that a candidate survives.
        rim: a track whose predicted box lies in the picture with a smaller share ends.
    """

    high_score: float = 0.4
    low_score: float = 0.2
    new_score: float = 0.5
    same: float = 0.7
    margin: float = 0.2
    least: float = 0.05
    least_weak: float = 0.5
    just_now_s: float = 0.15
    evidence: float = 0.9
    patience_s: float = 0.08
    coast_s: float = 1.5
    candidate_misses: float = 1.0
    rim: float = 0.5
