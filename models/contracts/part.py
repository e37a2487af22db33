"""What every part of a site file is built on: blocks that refuse unknown keys, names and days."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Identifier = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]

Day = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$", description="day, 'YYYY-MM-DD'")]
"""ISO 8601, so that later days are greater strings."""


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a site file: unknown keys are refused."""
