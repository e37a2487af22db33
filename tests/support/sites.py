"""The shipped site files, read once: reading one takes far longer than most of what tests do with it."""

from __future__ import annotations

import functools

from nutgiao.configs.loader import load_site
from nutgiao.models.contracts.site import Site


@functools.cache
def shipped(name: str) -> Site:
    """The site of this name; it cannot be changed, so all tests may have the same."""
    return load_site(name)
