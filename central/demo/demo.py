"""The main job end to end: both arms over all seeds, the page meanwhile, then the table, the summary and the report."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from nutgiao.central.cases.auto import Auto
from nutgiao.central.cases.bundles import Bundles
from nutgiao.central.cases.case import ViolationCase
from nutgiao.central.centre import Centre
from nutgiao.central.demo.arm import Period, Town, run_nutgiao, run_shipped
from nutgiao.central.demo.broker import broker
from nutgiao.central.demo.children import Child
from nutgiao.central.demo.facts import machine, plans_sent, words
from nutgiao.central.demo.live import Live
from nutgiao.central.demo.report import ShownBundle, show_bundle, write_report
from nutgiao.central.demo.summary import make_summary
from nutgiao.central.demo.table import print_tables
from nutgiao.central.evidence import bundle_problem, by_keys
from nutgiao.central.sqlite_store import SqliteStore
from nutgiao.central.state import NetworkState
from nutgiao.central.web.app import make_app
from nutgiao.central.web.serve import WebServer
from nutgiao.models.contracts.case_rules import CaseRules
from nutgiao.models.contracts.site import Site
from nutgiao.models.contracts.words import ControlMode, ViolationKind
from nutgiao.simulation.networks.build import sumo_home
from nutgiao.simulation.run import RunResult

MANY = 1_000_000
OURS = ("runs", "evidence", "centre.sqlite", "centre.sqlite-wal", "centre.sqlite-shm", "centre.people.sqlite")
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
        mode: what boxes may do within the centre's plans.
        rules: how cases are handled.
    """

    sites: tuple[Site, ...]
    site_files: dict[str, str]
    seeds: tuple[int, ...]
    period: Period
    out: Path
    broker: str | None
    port: int
    once: bool
    rules: CaseRules
    mode: ControlMode = ControlMode.FIXED


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
    live = Live(total_s=2 * len(options.seeds) * options.period.seconds)
    state = NetworkState(options.sites)
    keys: dict[str, set[str]] = {}
    with contextlib.ExitStack() as stack:
        store = SqliteStore(out / "centre.sqlite", out / "evidence")
        stack.callback(store.close)
        bundles, rules, key = Bundles(out / "evidence", by_keys(keys)), options.rules, Ed25519PrivateKey.generate()
        auto = Auto(store, bundles, rules)
        page = make_app(
            state,
            store,
            bundles,
            clock=live.now_s,
            rules=rules,
            seal=key,
            result=live.result,
            uplink=live.uplink,
        )
        server = stack.enter_context(WebServer(page, port=options.port))
        address = stack.enter_context(broker(options.broker))
        console.print(f"Page  [bold]{server.url}[/]   broker {address}   seeds {', '.join(map(str, options.seeds))}")
        town = Town(options.site_files, address, state, store, server.url, key, keys, options.mode, auto.check_new)
        shipped, nutgiao = _run_all(options, live, town, console)
        auto.check_new(live.now_s())  # what the boxes have sent after the last second of the street
        cases, _ = store.violations(limit=MANY)
        facts = {
            "plans": plans_sent(store.plans(limit=MANY)),
            "machine": machine(),
            "sumo": nutgiao[0].sumo,
            "wall_s": round(time.monotonic() - started, 1),
        }
        summary = make_summary(shipped, nutgiao, cases, facts)
        live.summary = summary
        (out / "summary.json").write_bytes(msgspec.json.format(msgspec.json.encode(summary), indent=1))
        write_report(out / "report.html", summary, words(options.period, summary), _one_bundle(cases, options, keys))
        print_tables(summary, console)
        console.print(f"\nReport  {out / 'report.html'}\nSummary {out / 'summary.json'}")
        if not options.once:
            console.print(
                f"The page stays at [bold]{server.url}[/] until Ctrl-C; the street goes on at {LIVE_PACE:g}x."
            )
            with contextlib.suppress(KeyboardInterrupt):
                _go_on(options, live, town)
    return summary


def _go_on(options: DemoOptions, live: Live, town: Town) -> None:
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


def _run_all(options: DemoOptions, live: Live, town: Town, console: Console) -> tuple[list[RunResult], list[RunResult]]:
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

        beside: list[Child] = []  # streets of the other thread, to be ended with us

        def shipped_run(seed: int) -> RunResult:
            folder = options.out / "runs" / f"shipped-{seed}"
            follow_arm = functools.partial(told, "shipped", seed)
            run = run_shipped(options.sites, options.period, seed, folder, follow_arm, beside.append)
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
            for child in beside:
                child.stop()
            raise
        return [future.result() for future in waiting], nutgiao


def _one_bundle(cases: Sequence[ViolationCase], options: DemoOptions, keys: dict[str, set[str]]) -> ShownBundle | None:
    """The bundle of the surest red light, or of whatever there is; copied to where a person finds it."""
    with_bundle = [case.report for case in cases if case.report.evidence is not None]
    if not with_bundle:
        return None
    best = max(with_bundle, key=lambda report: (report.kind == ViolationKind.RED_LIGHT, report.confidence))
    assert best.evidence is not None  # noqa: S101 - filtered above
    seed = best.boot.removeprefix("s")
    sealed = options.out / "runs" / f"nutgiao-{seed}" / best.node / "evidence" / best.evidence.bundle
    shown = options.out / RESULTS[2]
    shutil.copyfile(sealed, shown)
    problem = bundle_problem(shown, keys.get(best.node, ()), node=best.node, violation=best.violation)
    return show_bundle(shown, problem or "intact")
