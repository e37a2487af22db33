"""Runs in the throw-away environment of ultralytics: ``model.track`` over one clip, timed; prints one line of JSON.

Nothing of nutgiao is imported here. Arguments: weights, clip, frames to time, threads.
"""

from __future__ import annotations

import json
import os
import sys
import time


def main() -> None:
    """Plays the clip again and again until enough frames were tracked; the first 5 frames are not timed."""
    weights, clip, frames, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    os.environ["OMP_NUM_THREADS"] = threads
    import cv2
    import torch
    import ultralytics

    torch.set_num_threads(int(threads))
    cv2.setNumThreads(int(threads))
    model = ultralytics.YOLO(weights, task="detect")
    done, begun, spent, wait, boxes = 0, 0.0, 0.0, 5, 0
    while done < frames:
        results = model.track(clip, stream=True, persist=True, verbose=False, device="cpu", tracker="bytetrack.yaml")
        for result in results:
            if wait:
                wait -= 1
                begun, spent = time.perf_counter(), time.process_time()
                continue
            done += 1
            boxes += len(result.boxes)
            if done == frames:
                break
    seconds = time.perf_counter() - begun
    told = {"frames": done, "seconds": seconds, "cpu_s": time.process_time() - spent, "tracked_boxes": boxes}
    print(json.dumps(told | {"version": ultralytics.__version__}))


if __name__ == "__main__":
    main()
