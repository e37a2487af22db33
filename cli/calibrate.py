"""`nutgiao calibrate`: says how good a camera's map to the ground is, fits a new one, or serves a page for it."""

from __future__ import annotations

import argparse
import secrets
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from nutgiao.cli.arguments import count, write_picture
from nutgiao.models.contracts.errors import ConfigError

if TYPE_CHECKING:
    from nutgiao.edge.calibrate.desk import Desk
    from nutgiao.edge.calibrate.still import Image

PORT = 8770


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds ``calibrate`` with its options."""
    parser = subparsers.add_parser(
        "calibrate",
        help="find a camera's map to the ground, say its error in metres, draw lanes, zones and lamps on a still",
        description="Without more it checks the camera as the site file has it. See docs/calibrate.md.",
    )
    parser.add_argument("source", metavar="STILL", help="an image file, a video, rtsp://…, http://… or usb:N")
    parser.add_argument("--site", required=True, help="path of the site file, or name of a shipped one to look at")
    parser.add_argument("--camera", help="camera of the site file (default: its first one)")
    parser.add_argument("--picture", type=Path, metavar="PNG", help="write the still with metre grid, lanes and errors")
    parser.add_argument("--pairs", type=Path, metavar="CSV", help="fit to these pairs: u,v,x,y in a line each")
    parser.add_argument(
        "--marks", type=Path, metavar="YAML", help="fit to marks of known length, and to --pairs if given"
    )
    parser.add_argument("--markings", type=Path, metavar="YAML", help="lengths of markings instead of QCVN 41's")
    parser.add_argument(
        "--vehicles", type=count, metavar="N", help="with --marks: also to the sizes of vehicles seen in N frames"
    )
    parser.add_argument("--save", action="store_true", help="write what was fitted into the site file")
    parser.add_argument("--save-as", type=Path, metavar="YAML", help="save to this file instead")
    parser.add_argument("--serve", action="store_true", help="serve a page to click pairs, lanes, zones and lamps on")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address of the page (default: this machine only); beyond it asks a token"
    )
    parser.add_argument("--port", type=int, default=PORT, help=f"port of the page (default {PORT}; 0: any free one)")


def run(args: argparse.Namespace) -> int:
    """Checks, fits or serves.

    Returns:
        0; 1 if a pair is wrong.

    Raises:
        NutgiaoError: for anything the user can mend.
    """
    from nutgiao.configs.site_file import SiteFile
    from nutgiao.edge.calibrate.desk import Desk, camera_named
    from nutgiao.edge.calibrate.still import fit_to_camera, read_still

    if args.vehicles and not args.marks:
        cure = "Give --marks with at least a kerb's direction and the anchor."
        raise ConfigError("calibrate", None, "--vehicles", "sizes of vehicles need to know where the road goes.", cure)
    file = SiteFile(args.site)
    camera = camera_named(file, args.camera)
    still = read_still(args.source, camera.id)
    fit_to_camera(still, camera, str(file.path))
    desk = Desk(file, camera.id, args.save_as, datetime.now)
    if args.serve:
        return _serve(args, desk, still)
    return _fit(args, desk, still)


def _serve(args: argparse.Namespace, desk: Desk, still: Image) -> int:
    import cv2

    from nutgiao.edge.calibrate.serve import LOOPBACK, DeskServer

    token = None if args.host in LOOPBACK else secrets.token_urlsafe(12)
    server = DeskServer(desk, cv2.imencode(".jpg", still)[1].tobytes(), args.host, args.port, token)
    try:
        print(f"calibrate {desk.camera.id}: {server.url}", flush=True)
        if token is None:
            print(f"from another machine: ssh -L {server.port}:127.0.0.1:{server.port} THIS-BOX, then the same address")
        print("Ctrl-C ends; the site file changes only when you press Save", flush=True)
        server.serve()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()
    return 0


def _fit(args: argparse.Namespace, desk: Desk, still: Image) -> int:
    from nutgiao.cli.calibrate_fit import fitted
    from nutgiao.cli.calibrate_report import tell
    from nutgiao.edge.calibrate.picture import draw_calibration

    fit = fitted(args, desk, still)
    wrong = tell(fit, desk)
    if args.picture:
        drawn = draw_calibration(still, desk.camera, desk.watched, fit.calibration, fit.pairs)
        write_picture(drawn, args.picture)
        print(f"picture: {args.picture}")
    if args.save or args.save_as:
        if wrong:
            print("not saved: mend the pair that is wrong first", file=sys.stderr)
            return 1
        told = desk.save_pairs(fit.pairs, fit.note)
        print(f"saved to {told['file']}" + (f"; the old one is {told['backup']}" if told["backup"] else ""))
    return 1 if wrong else 0
