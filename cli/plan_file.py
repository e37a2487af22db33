"""Plan files: JSON or YAML in, YAML out that a person can read and that reads back as the same plan."""

from __future__ import annotations

import datetime
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nutgiao.configs.document import Document
    from nutgiao.models.contracts.plan import SignalPlan
    from nutgiao.models.contracts.site import Signals, Site


def read_plan(path: Path, site: Site, signals: Signals, now_s: float) -> SignalPlan:
    """Reads a plan file; what it does not say is filled in as the centre would send it now.

    Args:
        path: JSON or YAML, a whole plan or only ``offset_s``, ``green_s`` and ``order``.
        site: the site that it is meant for.
        signals: signal side of the site.
        now_s: time now, seconds since the epoch.

    Raises:
        ConfigError: if the file is missing or no plan.
    """
    import msgspec

    from nutgiao.configs.document import Document
    from nutgiao.models.contracts.plan import SignalPlan

    document = Document(path, begins="offset_s: 0")
    body = document.data
    if set(body) <= {"offset_s", "green_s", "order"}:
        body = {**_filled_in(path, site, signals, now_s, document), **body}
    try:
        return msgspec.convert(body, SignalPlan)
    except msgspec.ValidationError as error:
        cure = "Write the whole plan, or {offset_s: 0, green_s: [40, 25]}."
        raise document.error((), f"{error}.".replace("`", ""), cure) from error


def plan_yaml(plan: SignalPlan, stages: tuple[str, ...] = ()) -> str:
    """Writes a plan as YAML with remarks; `read_plan` gives the same plan back.

    Args:
        plan: the plan.
        stages: names of the site's stages, told beside the greens.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap, CommentedSeq
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    from nutgiao.models.contracts.words import ControlMode

    body = CommentedMap({name: getattr(plan, name) for name in plan.__struct_fields__})
    for name in ("id", "node", "site_hash"):
        if not body[name].isprintable():  # only double quotes carry every character, such as a line break, through YAML
            body[name] = DoubleQuotedScalarString(body[name])
    if not plan.order:
        del body["order"]
    if plan.mode is ControlMode.FIXED:
        del body["mode"]
    else:
        body["mode"] = plan.mode.value
    for name in ("green_s", "order"):
        if name in body:
            body[name] = CommentedSeq(body[name])
            body[name].fa.set_flow_style()
    body.yaml_set_start_comment("A signal plan of nutgiao. All times are seconds.")
    remarks = {
        "cycle_s": "greens and interstages together",
        "offset_s": "the first stage's green starts when the master clock modulo the cycle is this",
        "green_s": ", ".join(stages),
        "order": ", then ".join(stages[k] for k in plan.order if 0 <= k < len(stages)),
        "valid_from_s": _moment(plan.valid_from_s),
        "expires_s": _moment(plan.expires_s),
    }
    for name, remark in remarks.items():
        if remark:
            body.yaml_add_eol_comment(remark, name, column=0)
    yaml = YAML()
    yaml.width = 10_000  # a folded line would be harder to read, and a long name is still one word
    out = io.StringIO()
    yaml.dump(body, out)
    return out.getvalue()


def _moment(since_epoch_s: float) -> str:
    """A time as people write it; nothing for one that no calendar has."""
    try:
        moment = datetime.datetime.fromtimestamp(since_epoch_s, datetime.UTC)
    except (OverflowError, ValueError, OSError):
        return ""
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def _filled_in(path: Path, site: Site, signals: Signals, now_s: float, document: Document) -> dict[str, Any]:
    from nutgiao.models.contracts.plan import cycle_of
    from nutgiao.models.contracts.site import site_hash

    green_s, order = document.data.get("green_s"), document.data.get("order", [])
    stages = len(signals.stages)
    fits = isinstance(green_s, list) and len(green_s) == stages and all(type(g) is int for g in green_s)
    ordered = isinstance(order, list) and all(type(k) is int for k in order)
    fits = fits and ordered and (not order or sorted(order) == [*range(stages)])
    return {
        "id": path.stem,
        "node": site.id,
        "site_hash": site_hash(site),
        "revision": 1,
        "cycle_s": cycle_of(signals, tuple(green_s), tuple(order)) if fits and green_s else 0,
        "valid_from_s": now_s,
        "expires_s": now_s + signals.limits.max_plan_life_s,
    }
