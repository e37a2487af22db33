"""The main job end to end: both arms over all seeds, the page meanwhile, then the table, the summary and the report."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import functools
import itertools
import os
import platform
import shutil
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from nutgiao.central.centre import Centre
from nutgiao.central.demo.arm import Period, Town, run_nutgiao, run_shipped
from nutgiao.central.demo.broker import broker
from nutgiao.central.demo.report import ShownBundle, show_bundle, write_report
from nutgiao.central.demo.summary import make_summary
from nutgiao.central.demo.table import print_tables
from nutgiao.central.evidence import bundle_problem
from nutgiao.central.planning import EVERY_S
from nutgiao.central.sqlite_store import SqliteStore
from nutgiao.central.state import NetworkState
from nutgiao.central.web.app import make_app
from nutgiao.central.web.serve import WebServer
from nutgiao.models.contracts.site import Site
from nutgiao.models.contracts.words import ViolationKind
from nutgiao.simulation.networks.build import sumo_home
from nutgiao.simulation.run import RunResult

MANY = 1_000_000
OURS = ("runs", "evidence", "centre.sqlite", "centre.sqlite-wal", "centre.sqlite-shm")
DAY_S = 86400
LIVE_PACE = 4.0
"""After the result the street goes on at this many times real time: quick enough to see plans change, slow to watch."""
LIVE_S = 2 * 3600
RESULTS = ("summary.json", "report.html", "evidence-bundle.zip")


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the demo is told.

    Attributes:
        sites: junctions, in order.
        site_files: file or shipped name of each.
        seeds: at least one; intervals need two.
        period: what is simulated.
        out: folder for everything that the demo writes.
        broker: address of a broker that runs; None brings one.
        port: of the page.
        once: end after the report instead of serving the page.
    """

    sites: tuple[Site, ...]
    site_files: dict[str, str]
    seeds: tuple[int, ...]
    period: Period
    out: Path
    broker: str | None
    port: int
    once: bool


@dataclass
class _Live:
    """What the page asks for while the demo runs; written by several threads, each its own keys."""

    total_s: int
    done_s: dict[str, int] = field(default_factory=dict)
    shipped: dict[int, RunResult] = field(default_factory=dict)
    summary: dict[str, Any] | None = None
    centre: Centre | None = None
    standing: list[float] = field(default_factory=list)
    seed: int = 0

    def result(self) -> dict[str, Any]:
        """What the page shows of the result so far."""
        if self.summary is not None:
            text = {"vi": "Đã chạy xong", "en": "Finished"}
            return {**self.summary, "progress": {"done": 1.0, "text": text}}
        share = sum(self.done_s.values()) / self.total_s
        text = {"vi": f"Đang chạy, hạt giống {self.seed}", "en": f"Running, seed {self.seed}"}
        found: dict[str, Any] = {"progress": {"done": share, "text": text}}
        run = self.shipped.get(self.seed)
        if run is not None:
            times = [10 * k for k in range(len(run.standing))]
            series = {"shipped": list(run.standing), "nutgiao": list(self.standing)}
            found["delay_over_time"] = {"time_s": times, **series, "unit": "veh"}
        return found

    def now_s(self) -> float:
        """Time on the street's clock."""
        return self.centre.now_s if self.centre is not None else 0.0

    def uplink(self) -> dict[str, object]:
        """How the centre's link to the broker is."""
        return self.centre.uplink() if self.centre is not None else {"up": True}


def run_demo(options: DemoOptions, console: Console) -> dict[str, Any]:
    """Runs the demo.

    Args:
        options: what to do.
        console: where tables and progress go.

    Returns:
        The summary, as written to ``summary.json``.

    Raises:
        NutgiaoError: with what to do, if the broker, the port or SUMO fails or is missing.
    """
    started = time.monotonic()
    sumo_home()
    out = options.out
    _clear(out)
    live = _Live(total_s=2 * len(options.seeds) * options.period.seconds)
    state = NetworkState(options.sites)
    keys: dict[str, set[str]] = {}
    with contextlib.ExitStack() as stack:
        store = SqliteStore(out / "centre.sqlite", out / "evidence")
        stack.callback(store.close)
        page = make_app(
            state,
            store,
            out / "evidence",
            clock=live.now_s,
            verify=lambda path, node: bundle_problem(path, keys.get(node, ())),
            result=live.result,
            uplink=live.uplink,
        )
        server = stack.enter_context(WebServer(page, port=options.port))
        address = stack.enter_context(broker(options.broker))
        console.print(f"Page  [bold]{server.url}[/]   broker {address}   seeds {', '.join(map(str, options.seeds))}")
        town = Town(options.site_files, address, state, store, server.url, Ed25519PrivateKey.generate(), keys)
        shipped, nutgiao = _run_all(options, live, town, console)
        cases, _ = store.violations(limit=MANY)
        facts = {
            "plans": _plans(store),
            "machine": _machine(),
            "sumo": nutgiao[0].sumo,
            "wall_s": round(time.monotonic() - started, 1),
        }
        summary = make_summary(shipped, nutgiao, cases, facts)
        live.summary = summary
        (out / "summary.json").write_bytes(msgspec.json.format(msgspec.json.encode(summary), indent=1))
        write_report(out / "report.html", summary, _words(options, summary), _one_bundle(store, options, keys))
        print_tables(summary, console)
        console.print(f"\nReport  {out / 'report.html'}\nSummary {out / 'summary.json'}")
        if not options.once:
            console.print(
                f"The page stays at [bold]{server.url}[/] until Ctrl-C; the street goes on at {LIVE_PACE:g}x."
            )
            with contextlib.suppress(KeyboardInterrupt):
                _go_on(options, live, town)
    return summary


def _go_on(options: DemoOptions, live: _Live, town: Town) -> None:
    """Lets a street live for whoever looks at the page: fresh seeds, one after the other, until Ctrl-C."""

    def follow(centre: Centre) -> None:
        live.centre = centre

    begin_s = options.period.begin_s
    period = dataclasses.replace(options.period, end_s=min(begin_s + LIVE_S, DAY_S))
    for seed in itertools.count(max(options.seeds) + 1):
        folder = options.out / "runs" / f"live-{seed}"
        run_nutgiao(options.sites, period, seed, folder, lambda *_: None, town, pace=LIVE_PACE, clock=follow)
        shutil.rmtree(folder)


def _clear(out: Path) -> None:
    """Takes away what an earlier demo left, and nothing else that lies in that folder."""
    out.mkdir(parents=True, exist_ok=True)
    for name in (*OURS, *RESULTS):
        path = out / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _run_all(
    options: DemoOptions, live: _Live, town: Town, console: Console
) -> tuple[list[RunResult], list[RunResult]]:
    """Both arms over all seeds: shipped runs, which need one core, beside those with boxes and centre."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    bar = Progress(*columns, TimeRemainingColumn(), console=console)
    total = len(options.seeds) * options.period.seconds
    with bar, ThreadPoolExecutor(1) as other:
        tasks = {arm: bar.add_task(f"{arm:8}", total=total) for arm in ("shipped", "nutgiao")}

        def follow(centre: Centre) -> None:
            live.centre = centre

        def told(arm: str, seed: int, second: int, standing: float) -> None:
            live.done_s[f"{arm}-{seed}"] = second
            if arm == "nutgiao":
                live.standing.append(standing)
            bar.update(tasks[arm], completed=sum(s for key, s in live.done_s.items() if key.startswith(arm)))

        def shipped_run(seed: int) -> RunResult:
            folder = options.out / "runs" / f"shipped-{seed}"
            run = run_shipped(options.sites, options.period, seed, folder, functools.partial(told, "shipped", seed))
            live.shipped[seed] = run
            return run

        waiting: list[Future[RunResult]] = [other.submit(shipped_run, seed) for seed in options.seeds]
        nutgiao = []
        try:
            for seed in options.seeds:
                live.seed, live.standing = seed, []
                folder = options.out / "runs" / f"nutgiao-{seed}"
                nutgiao.append(
                    run_nutgiao(
                        options.sites,
                        options.period,
                        seed,
                        folder,
                        functools.partial(told, "nutgiao", seed),
                        town,
                        clock=follow,
                    )
                )
        except BaseException:
            for future in waiting:
                future.cancel()
            raise
        return [future.result() for future in waiting], nutgiao


def _plans(store: SqliteStore) -> list[dict[str, Any]]:
    """Every plan that was sent and its answer, oldest first."""
    rows = []
    for kept in reversed(store.plans(limit=MANY)):
        plan, reply = kept.plan, kept.reply
        answer = "no answer"
        if reply is not None:
            answer = "accepted" if reply.accepted else "; ".join(str(refusal.rule) for refusal in reply.refusals)
        rows.append(
            {
                "id": plan.id,
                "seed": _seed_of(plan.id),
                "node": plan.node,
                "sent_s": kept.sent_s,
                "sent": _local(kept.sent_s),
                "cycle_s": plan.cycle_s,
                "offset_s": plan.offset_s,
                "green_s": list(plan.green_s),
                "accepted": reply is not None and reply.accepted,
                "answer": answer,
            }
        )
    return rows


def _one_bundle(store: SqliteStore, options: DemoOptions, keys: dict[str, set[str]]) -> ShownBundle | None:
    """The bundle of the surest red light, or of whatever there is; copied to where a person finds it."""
    cases, _ = store.violations(limit=MANY)
    with_bundle = [case.report for case in cases if case.report.evidence is not None]
    if not with_bundle:
        return None
    best = max(with_bundle, key=lambda report: (report.kind is ViolationKind.RED_LIGHT, report.confidence))
    assert best.evidence is not None  # noqa: S101 - filtered above
    seed = best.boot.removeprefix("s")
    sealed = options.out / "runs" / f"nutgiao-{seed}" / best.node / "evidence" / best.evidence.bundle
    shown = options.out / RESULTS[2]
    shutil.copyfile(sealed, shown)
    return show_bundle(shown, bundle_problem(shown, keys.get(best.node, ())) or "intact")


def _words(options: DemoOptions, summary: dict[str, Any]) -> dict[str, str]:
    """What the report says of the circumstances."""
    period = options.period
    minutes = (period.end_s - period.measure_s) // 60
    begin, end = _local(period.midnight_s + period.measure_s), _local(period.midnight_s + period.end_s)
    return {
        "period": f"{begin} to {end}, {minutes} minutes measured",
        "machine": str(summary["machine"]["text"]),
        "sumo": str(summary["sumo"]),
        "plan_every_min": str(EVERY_S // 60),
    }


def _machine() -> dict[str, Any]:
    """What it ran on, and how busy that was."""
    cores, load = os.cpu_count() or 1, os.getloadavg()[0]
    text = f"{platform.machine()}, {cores} cores, load {load:.1f}, Python {platform.python_version()}"
    return {"text": text, "cores": cores, "load": round(load, 2), "python": platform.python_version()}


def _seed_of(plan: str) -> int:
    """The seed of the run that a plan was made in: its city is ``demo-<seed>``."""
    return int(plan.partition(".")[0].removeprefix("demo-"))


def _local(time_s: float) -> str:
    zone = datetime.timezone(datetime.timedelta(hours=7))
    return datetime.datetime.fromtimestamp(time_s, zone).strftime("%H:%M:%S")
