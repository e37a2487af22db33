from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from nutgiao.edge.camera.device import HARDWARE
from nutgiao.edge.camera.live import LiveSource
from nutgiao.edge.camera.video import Address, FileSource, open_source, parse_address
from nutgiao.edge.camera.writer import VideoWriter
from nutgiao.models.contracts.errors import CameraLost, NutgiaoError


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Twelve frames at 8 a second, each as bright as its number."""
    path = tmp_path / "clip.mp4"
    writer = VideoWriter(path, (64, 48), fps=8.0, paced=False)
    for i in range(12):
        writer.write(np.full((48, 64, 3), 20 * i, np.uint8), i / 8)
    writer.close()
    return path


def test_file_gives_every_frame_once_with_its_time(clip: Path) -> None:
    with open_source(str(clip), "c1", start_s=100.0) as source:
        assert source.frames_expected == 12
        assert source.fps == pytest.approx(8.0)
        frames = []
        while (frame := source.read()) is not None:
            frames.append(frame)
        assert source.read() is None
    assert [frame.index for frame in frames] == list(range(12))
    assert [frame.time_s for frame in frames] == pytest.approx([100.0 + i / 8 for i in range(12)])
    assert {frame.camera for frame in frames} == {"c1"}
    assert [round(float(frame.image.mean()) / 20) for frame in frames] == list(range(12))


def test_clip_with_uneven_frames_keeps_its_own_time(street_data: Callable[[str], Path]) -> None:
    with open_source(str(street_data("clips/hn_giangvo_langha_6fps.mp4")), "c1") as source:
        times = [frame.time_s for frame in (source.read() for _ in range(30)) if frame is not None]
    gaps = np.diff(times)
    assert gaps.min() == pytest.approx(0.16, abs=0.01)
    assert gaps.max() == pytest.approx(0.24, abs=0.01)


def test_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(CameraLost, match=r"no such file .*gone\.mp4"):
        open_source(str(tmp_path / "gone.mp4"), "c1")
    with pytest.raises(CameraLost, match="holds no picture"):
        open_source(str(tmp_path), "c1")
    with pytest.raises(CameraLost, match="no folder of pictures"):
        open_source(f"{tmp_path}/gone?fps=25", "c1")


def test_folder_of_pictures_is_played_in_the_order_of_its_numbers(tmp_path: Path) -> None:
    for number in (10, 9, 1, 2):
        cv2.imwrite(str(tmp_path / f"street {number}.png"), np.full((48, 64, 3), 10 * number, np.uint8))
    (tmp_path / "notes.txt").write_text("not a picture")
    with open_source(f"{tmp_path}?fps=25", "c1", start_s=100.0) as source:
        assert (source.frames_expected, source.fps, source.decoder) == (4, 25.0, "software")
        frames = [frame for frame in (source.read() for _ in range(4)) if frame is not None]
        assert source.read() is None
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [10, 20, 90, 100]
    assert [frame.time_s for frame in frames] == pytest.approx([100.0, 100.04, 100.08, 100.12])
    assert open_source(str(tmp_path), "c1").fps == 10.0


def test_damaged_picture_in_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "7.jpg").write_bytes(b"no picture at all")
    with open_source(str(tmp_path), "c1") as source, pytest.raises(CameraLost, match=r"7\.jpg is not a picture"):
        source.read()


def test_what_decodes_is_told_and_logged(clip: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"), open_source(str(clip), "c1") as source:
        assert source.decoder in ("software", *HARDWARE.values())
        assert f"is decoded in {source.decoder}" in caplog.text


def test_hardware_that_opens_but_knows_not_the_codec_gives_way_to_software(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Choosy:
        """A capture whose hardware gives no picture."""

        def __init__(self, target: str, backend: int, settings: list[int]) -> None:
            self.hardware = cv2.CAP_PROP_HW_ACCELERATION in settings
            self.real = real(target, backend)

        def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
            return True

        def get(self, quantity: int) -> float:
            return float(cv2.VIDEO_ACCELERATION_VAAPI) if self.hardware else float(self.real.get(quantity))

        def read(self) -> tuple[bool, np.ndarray | None]:
            return (False, None) if self.hardware else self.real.read()

        def release(self) -> None:
            self.real.release()

    real = cv2.VideoCapture
    monkeypatch.setattr(cv2, "VideoCapture", Choosy)
    with open_source(str(clip), "c1") as source:
        assert source.decoder == "software"
        assert sum(1 for _ in iter(source.read, None)) == 12


@pytest.mark.parametrize("content", [b"this is a shopping list\n" * 40, b""])
def test_text_file_called_mp4_is_no_video(tmp_path: Path, content: bytes) -> None:
    fake = tmp_path / "clip.mp4"
    fake.write_bytes(content)
    with pytest.raises(CameraLost, match=r"clip\.mp4 .* is not a video"):
        open_source(str(fake), "c1")


def test_video_cut_off_in_mid_recording_is_no_video(clip: Path) -> None:
    half = clip.with_name("half.mp4")
    half.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    with pytest.raises(CameraLost, match="cut off"):
        open_source(str(half), "c1")


def test_usb_camera_that_is_not_there() -> None:
    with pytest.raises(CameraLost, match=r"no USB camera usb:97"):
        open_source("usb:97", "c1")
    with pytest.raises(CameraLost, match="usb:0"):
        open_source("usb:front", "c1")


def test_rtsp_camera_that_refuses_keeps_its_password_to_itself() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but nobody listens: connections are refused
        port = taken.getsockname()[1]
        with pytest.raises(CameraLost, match="does not answer or refuses") as caught:
            open_source(f"rtsp://admin:s3cret@127.0.0.1:{port}/main", "c1")
    assert "s3cret" not in str(caught.value)
    assert "admin:***@127.0.0.1" in str(caught.value)


def test_addresses() -> None:
    assert parse_address("clips/a.mp4").kind == "file"
    assert parse_address("rtsp://10.0.0.1/x").kind == "rtsp"
    assert parse_address("HTTPS://cam/mjpeg").kind == "http"
    assert parse_address("usb:2").target == "2"
    assert parse_address("clips/07?fps=12.5") == Address("folder", "clips/07", "clips/07?fps=12.5", 12.5)
    for wrong in ("clips/07?fps=", "clips/07?fps=-1", "clips/07?fps=0", "clips/07?fps=fast"):
        with pytest.raises(CameraLost, match="fps=25"):
            parse_address(wrong)
    with pytest.raises(CameraLost, match="a source is"):
        parse_address("ftp://somewhere/x.mp4")


class Scripted:
    """A device that gives frames when the test says so, and breaks when it says so."""

    decoder = "software"

    def __init__(self) -> None:
        self.wanted = threading.Semaphore(0)
        self.given = threading.Semaphore(0)
        self.broken = False
        self.released = False
        self.count = 0

    def read(self) -> np.ndarray | None:
        self.wanted.acquire()
        self.given.release()
        if self.broken:
            return None
        self.count += 1
        return np.full((4, 4, 3), self.count, np.uint8)

    def give(self, n: int = 1) -> None:
        for _ in range(n):
            self.wanted.release()
            self.given.acquire()

    def release(self) -> None:
        self.released = True
        self.broken = True
        self.wanted.release()


@pytest.fixture
def ticking() -> Callable[[], float]:
    ticks = iter(range(1000))
    return lambda: float(next(ticks))


def test_live_source_gives_the_newest_frame_and_counts_the_rest(ticking: Callable[[], float]) -> None:
    device = Scripted()
    source = LiveSource(lambda: device, "c1", name="usb:0", now=ticking)
    device.give(6)  # the sixth read has begun, so five frames are certainly in
    frame = source.read()
    assert frame is not None
    assert frame.index >= 4
    assert frame.time_s == float(frame.index)  # stamped once, by the clock that was given
    assert source.dropped >= 4
    device.release()
    source.close()


def test_live_source_comes_back_after_the_camera_did(ticking: Callable[[], float]) -> None:
    devices = [Scripted(), Scripted()]
    attempts = []

    def connect() -> Scripted:
        attempts.append(1)
        if len(attempts) == 2:
            raise CameraLost("still rebooting")
        return devices[0] if len(attempts) == 1 else devices[1]

    with LiveSource(connect, "c1", name="rtsp://cam", now=ticking, first_pause_s=0.01) as source:
        devices[0].give()
        before = source.read()
        devices[0].broken = True
        devices[0].give()
        devices[1].give()
        after = source.read()
        assert before is not None
        assert after is not None
        assert after.index > before.index
        assert source.reconnects == 1
        assert len(attempts) == 3
        assert devices[0].released
        devices[1].release()


def test_live_source_gives_up_with_the_reason(ticking: Callable[[], float]) -> None:
    device = Scripted()
    attempts = []

    def connect() -> Scripted:
        attempts.append(1)
        if len(attempts) > 1:
            raise CameraLost("somebody pulled the plug")
        return device

    with LiveSource(connect, "c1", name="usb:0", now=ticking, first_pause_s=0.01, give_up_s=0.5) as source:
        device.broken = True
        device.give()
        with pytest.raises(CameraLost, match="usb:0 gave no frame"):
            source.read()


def test_camera_that_is_not_there_at_the_start_is_an_error_at_once(ticking: Callable[[], float]) -> None:
    def refuse() -> Scripted:
        raise CameraLost("refused")

    with pytest.raises(CameraLost, match="refused"):
        LiveSource(refuse, "c1", name="usb:0", now=ticking)


def test_paced_video_runs_as_fast_as_the_street(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "live.mp4", (32, 32), fps=10.0, paced=True)
    for time_s in (5.0, 5.01, 5.02, 6.0):  # three at once, then a second of nothing
        writer.write(np.zeros((32, 32, 3), np.uint8), time_s)
    writer.close()
    assert writer.frames == 11
    capture = cv2.VideoCapture(str(writer.path))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 11
    capture.release()


def test_video_into_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NutgiaoError, match="cannot write a video"):
        VideoWriter(tmp_path / "no" / "a.mp4", (32, 32), fps=10.0, paced=False)


def test_file_source_may_be_closed_twice(clip: Path) -> None:
    source = FileSource(clip, "c1")
    source.close()
    source.close()
    assert source.read() is not None  # the frame that was looked at on opening
    assert source.read() is None
