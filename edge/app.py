"""The edge process: puts a node together from its site file and drivers, and runs it until it is told to stop."""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import logging
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from nutgiao.configs.keys import load_or_create_key
from nutgiao.configs.law_catalogue import law_of
from nutgiao.configs.plates import load_plate_law
from nutgiao.edge.camera.source import FrameSource
from nutgiao.edge.clock import WallClock
from nutgiao.edge.detect.store import WeightsStore
from nutgiao.edge.evidence.bundle import EvidenceBuilder
from nutgiao.edge.evidence.retention import Retention
from nutgiao.edge.evidence.subject import PlateLook
from nutgiao.edge.node import Node
from nutgiao.edge.perception import Perception
from nutgiao.edge.signal.adaptive import Adaptive, Chooser
from nutgiao.edge.signal.announce import Announcer
from nutgiao.edge.signal.drivers import CameraDriver, Clock, Controller
from nutgiao.edge.signal.guard import Guard
from nutgiao.edge.signal.ladder import Ladder
from nutgiao.edge.signal.ntp import read_ntp
from nutgiao.edge.signal.priority import priority_office
from nutgiao.edge.signal.signature import centre_signature
from nutgiao.edge.uplink.courier import Courier
from nutgiao.edge.uplink.outbox import Outbox
from nutgiao.edge.uplink.uplink import Uplink
from nutgiao.edge.violation.rider_votes import Looks
from nutgiao.edge.virtual import VirtualCamera, VirtualStreet
from nutgiao.models.contracts.broker_url import BrokerUrl
from nutgiao.models.contracts.errors import ConfigError, ModelUnavailable
from nutgiao.models.contracts.evidence import ModelUsed
from nutgiao.models.contracts.site import Camera, Site
from nutgiao.models.jit import warm_up
from nutgiao.models.queueing.junction.site import SiteTables, site_tables
from nutgiao.models.vision.cards import TEXT_FINDER, TEXT_READER

log = logging.getLogger(__name__)

FAREWELL_S = 3.0
MADE_S = 1_767_225_600.0
"""New year 2026, before this software was made: a clock without a battery starts in 1970 or 2000."""


@dataclass(frozen=True, slots=True)
class EdgeOptions:
    """What an edge process is told.

    Attributes:
        site: the site file, loaded.
        broker: where to publish.
        city: name in the topics.
        data: folder for outbox, key and evidence.
        centre_key: the centre's public key, hexadecimal; empty refuses every plan.
        upload: address of the centre for evidence; empty keeps bundles here.
        street: host and port of a simulated street; None for the real one.
        street_key: shared secret of that street.
        boot: id of this run; empty makes one.
        weights: ONNX file for real cameras.
        store: where the networks lie that read plates; None: the box reads none.
        chooser: makes the controller that chooses stages second by second; None: the box runs plans only.
    """

    site: Site
    broker: BrokerUrl
    city: str
    data: Path
    centre_key: str = ""
    upload: str = ""
    street: tuple[str, int] | None = None
    street_key: bytes = b""
    boot: str = ""
    weights: Path | None = None
    store: WeightsStore | None = None
    chooser: Callable[[SiteTables], Chooser] | None = None


def run_edge(options: EdgeOptions) -> None:
    """Runs a node until its clock ends or SIGTERM or SIGINT comes.

    Raises:
        ConfigError: if the site cannot be run as asked.
    """
    site, data = options.site, options.data
    boot = options.boot or uuid.uuid4().hex[:8]
    software = importlib.metadata.version("nutgiao")
    riders = _riders(options)
    perception = Perception(site, node=site.id, boot=boot, riders=riders)
    warm_up()
    outbox = Outbox(data / "outbox.sqlite")
    adaptive, announcer = _adaptive(site, options.chooser)
    listens = adaptive.neighbours.nodes if adaptive is not None else ()
    uplink = Uplink(options.broker, options.city, site.id, boot, outbox, time.time(), listens)
    uplink.start()
    with contextlib.ExitStack() as stack:
        clock, cameras, controller = _drivers(options, uplink, stack)
        source = "controller" if controller is not None else "picture"
        key = load_or_create_key(data / "node.key")
        plates, text_models, lacking = _plates(options)
        evidence = EvidenceBuilder(
            data / "evidence", key, site=site, node=site.id, boot=boot, software=software, signal_source=source,
            models=(*_models(options, riders), *text_models), law=law_of(site), plates=plates,
        )  # fmt: skip
        ladder = priority = None
        if controller is not None:
            signed = centre_signature(options.centre_key)
            guard = Guard(site, signed, adaptive=adaptive is not None)
            ladder = Ladder(site, guard, controller, adaptive, MADE_S, data / "plan.json")
            priority = priority_office(site, signed, adaptive)
        if options.upload:
            courier = Courier(data / "evidence", options.upload, site.id)
            courier.start()
            stack.callback(courier.close)
        node = Node(
            site, clock, cameras, controller, ladder, perception, evidence, uplink, software, adaptive, announcer,
            priority, Retention(data / "evidence", site.evidence_days, None, site.evidence_days_by_kind, key),
            lacking, read_ntp if options.street is None else lambda: None,
        )  # fmt: skip
        last_s = node.run()
        give_up = time.monotonic() + FAREWELL_S
        uplink.close(last_s, lambda: time.monotonic() > give_up)


def _plates(options: EdgeOptions) -> tuple[PlateLook | None, tuple[ModelUsed, ...], tuple[str, ...]]:
    """Who reads plates and with which networks, and what is lacking: without its weights a box reports all the same."""
    if not options.site.plates or options.store is None or options.street is not None:
        return None, (), ()
    from nutgiao.edge.plates.of_track import open_plates  # with its networks: not in a simulated street

    try:
        look = open_plates(options.store, load_plate_law(), options.site.utc_offset_h, time.monotonic)
    except ModelUnavailable as error:
        log.error("plates are not read: %s", error)
        return None, (), (f"plates are not read: {error}",)
    cards = (("plate finder", TEXT_FINDER), ("plate reader", TEXT_READER))
    return look, tuple(ModelUsed(part=part, name=card.name, sha256=card.sha256) for part, card in cards), ()


def _models(options: EdgeOptions, riders: Looks | None) -> tuple[ModelUsed, ...]:
    """The networks that take part in what a bundle shows; none in a simulated street."""
    if options.weights is None or options.street is not None:
        return ()
    from nutgiao.edge.detect.store import known_card, sha256_of  # with the network itself: not in a simulated street

    card = known_card(options.weights)
    name = card.name if card is not None else options.weights.name
    second = () if riders is None else (ModelUsed(part="riders", name=riders.card.name, sha256=riders.card.sha256),)
    return (ModelUsed(part="detector", name=name, sha256=sha256_of(options.weights)), *second)


def _riders(options: EdgeOptions) -> Looks | None:
    """The network that counts riders and looks for helmets; a simulated street has no pictures for it.

    Raises:
        ModelUnavailable: if the site names one that may not run.
    """
    if options.site.rider_model is None or options.street is not None:
        return None
    from nutgiao.edge.detect.riders import open_riders

    if options.store is None:
        raise ModelUnavailable(f"rider_model: '{options.site.rider_model}' is looked for in a store, and there is none")
    return open_riders(options.site, options.store)


def _adaptive(site: Site, chooser: Callable[[SiteTables], Chooser] | None) -> tuple[Adaptive | None, Announcer | None]:
    """Adaptive control of the junction, and who tells its neighbours what it needs; nothing if not asked for.

    Raises:
        ConfigError: if this site cannot be run so.
    """
    if chooser is None:
        return None, None
    try:
        tables = site_tables(site)
    except ValueError as error:
        cure = "run the box without --adaptive, or mend the signals"
        raise ConfigError(site.id, None, "signals", f"stages cannot be called one by one: {error},", cure) from error
    adaptive = Adaptive(site, tables, chooser(tables))
    return adaptive, Announcer(site, tables, adaptive.sight.turns.of)


def _drivers(
    options: EdgeOptions, uplink: Uplink, stack: contextlib.ExitStack
) -> tuple[Clock, list[CameraDriver], Controller | None]:
    """The three drivers: of a simulated street, or of the real one."""
    site = options.site
    if options.street is not None:
        host, port = options.street
        street = VirtualStreet(host, port, options.street_key, site.id, uplink)
        return street, [VirtualCamera(street, camera.id) for camera in site.cameras], street
    if not site.cameras:
        raise ConfigError(site.id, None, "cameras", "the site has no camera,", "list at least one")
    # Neither ONNX nor video is needed in a simulated street.
    from nutgiao.edge.camera.detecting import DetectingCamera
    from nutgiao.edge.camera.pipeline import DetectorPool
    from nutgiao.edge.detect.each_core import one_per_core

    if options.weights is None:
        raise ModelUnavailable("real cameras need weights: run `nutgiao models pull` once, or give --model FILE.onnx")
    cameras: list[CameraDriver] = []
    pool = stack.enter_context(DetectorPool(one_per_core(options.weights)))
    for camera in site.cameras:
        open_it = functools.partial(_open, camera)
        driver = DetectingCamera(site, camera, pool, open_it, time.time, options.data / "cameras")
        stack.callback(driver.close)
        cameras.append(driver)
    clock = WallClock()
    stack.enter_context(_stops(clock))
    return clock, cameras, None


def _open(camera: Camera) -> FrameSource:
    """Opens a camera's source; a file is played from now on."""
    from nutgiao.edge.camera.video import open_source

    return open_source(camera.source, camera.id, start_s=time.time())


@contextlib.contextmanager
def _stops(clock: WallClock) -> Iterator[None]:
    """Lets SIGTERM and SIGINT end the clock, so that the node says goodbye."""

    def stop(number: int, frame: FrameType | None) -> None:
        clock.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
