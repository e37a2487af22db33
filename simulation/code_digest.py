"""Hash of the code that a result depends on, so that a kept result is not taken for one of other code."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from collections.abc import Iterable
from pathlib import Path


def code_digest(modules: Iterable[str], within: tuple[str, ...]) -> str:
    """SHA-256 of what some modules, and those that they import, do; comments and line breaks do not count.

    Args:
        modules: names.
        within: beginnings of the names of those modules that may matter; other imports are not followed.

    Raises:
        ModuleNotFoundError: if there is no such module.
    """
    found: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"there is no module {name}", name=name)
        tree = ast.parse(Path(spec.origin).read_bytes())
        found[name] = ast.dump(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(within):
                waiting.append(node.module or "")
    return hashlib.sha256("\0".join(f"{name} {found[name]}" for name in sorted(found)).encode()).hexdigest()
