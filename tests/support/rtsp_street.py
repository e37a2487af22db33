"""A camera's RTSP server for tests: GStreamer's own, run by the Python of the system, which alone has its bindings.

Called as ``/usr/bin/python3 rtsp_street.py PORT h264|h265``; serves ``rtsp://127.0.0.1:PORT/street``, a ball that
bounces at 25 frames a second, and writes "ready" once it listens.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402 - versions have to be told first

ENCODERS = {
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 bitrate=400 ! rtph264pay name=pay0 pt=96",
    "h265": "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=10 bitrate=400 ! rtph265pay name=pay0 pt=96",
}
NEEDED = {"h264": ("x264enc", "rtph264pay"), "h265": ("x265enc", "rtph265pay")}


def main(port: str, codec: str) -> None:
    """Serves until it is killed."""
    Gst.init(None)
    for name in ("videotestsrc", "videoconvert", *NEEDED[codec]):
        if Gst.ElementFactory.find(name) is None:
            sys.exit(f"no GStreamer element {name}")
    server = GstRtspServer.RTSPServer(address="127.0.0.1", service=port)
    factory = GstRtspServer.RTSPMediaFactory(shared=True)
    factory.set_launch(
        "( videotestsrc is-live=true pattern=ball background-color=0xff406080 ! "
        "video/x-raw,width=320,height=180,framerate=25/1 ! videoconvert ! "
        "video/x-raw,format=I420 ! " + ENCODERS[codec] + " )"
    )
    server.get_mount_points().add_factory("/street", factory)
    if server.attach(None) == 0:
        sys.exit(f"port {port} is taken")
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
