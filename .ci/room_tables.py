"""Writes each room's table of modules into its README from the modules' own first sentences (`make readmes`)."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("models", "edge", "optimizer", "simulation", "central", "configs")
BEGIN, END = "<!-- modules: written by `make readmes` -->", "<!-- end of modules -->"


def table(room: Path) -> str:
    """The modules of a room, one row each, packages first by name."""
    rows = ["| module | what it is |", "| --- | --- |"]
    for path in sorted(room.rglob("*.py"), key=lambda path: (path.parent, path.name)):
        sentence = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").splitlines()[0].rstrip()
        name = path.relative_to(room).as_posix()
        if path.name == "__init__.py":
            if path.parent == room:
                continue
            name = f"**{path.parent.relative_to(room).as_posix()}/**"
        else:
            name = f"`{name}`"
        rows.append(f"| {name} | {sentence.replace('|', chr(92) + '|')} |")
    return "\n".join(rows)


def renewed(readme: Path) -> str:
    """The text of a README with its table as it should be."""
    text = readme.read_text(encoding="utf-8")
    if BEGIN not in text:
        return text
    before, rest = text.split(BEGIN, 1)
    return f"{before}{BEGIN}\n{table(readme.parent)}\n{END}{rest.split(END, 1)[1]}"


def main(arguments: list[str]) -> int:
    """Writes the tables; with ``--check`` only tells which are old."""
    readmes = [path for room in ROOMS if (path := ROOT / room / "README.md").exists()]
    old = [path for path in readmes if renewed(path) != path.read_text(encoding="utf-8")]
    for path in old:
        if "--check" in arguments:
            print(f"{path.relative_to(ROOT)}: the table of modules is old; say 'make readmes'")
        else:
            path.write_text(renewed(path), encoding="utf-8")
    return 1 if old and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
