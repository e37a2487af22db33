"""Program files: SUMO's tlLogic in, and YAML with a line for each step that reads back as the same program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nutgiao.models.contracts.program import LampProgram


def is_program(path: Path) -> bool:
    """Whether a file is SUMO's, or a program in YAML, and not a site's plan."""
    from nutgiao.configs.document import Document

    if ".xml" in path.suffixes:
        return True
    return path.is_file() and "steps" in Document(path, begins="light: J1").data


def read_programs(path: Path, light: str | None) -> list[LampProgram]:
    """Programs of a ``tlLogic`` file, or the one of a YAML file.

    Args:
        path: network, additional file, or YAML.
        light: only this light's; None for all.

    Raises:
        ConfigError: if the file is wrong or has no such light.
    """
    from nutgiao.models.contracts.errors import ConfigError

    if path.suffix.lower() in (".yaml", ".yml", ".json"):
        programs = [read_program_yaml(path)]
    else:
        from nutgiao.simulation.tls_logic import read_tls_logic

        programs = [program for program in read_tls_logic(path) if program.steps]
    chosen = [program for program in programs if light in (None, program.light)]
    if not chosen:
        lights = ", ".join(dict.fromkeys(program.light for program in programs))
        problem = f"no program of light {light}." if light else "no tlLogic with phases."
        raise ConfigError(str(path), None, "tlLogic", problem, f"Lights: {lights}." if lights else "Name another file.")
    return chosen


def read_program_yaml(path: Path) -> LampProgram:
    """Reads a program that `program_yaml` wrote.

    Raises:
        ConfigError: if the file is missing or no program.
    """
    import msgspec

    from nutgiao.configs.document import Document
    from nutgiao.models.contracts.program import LampProgram

    document = Document(path, begins="light: J1")
    try:
        return msgspec.convert(document.data, LampProgram)
    except msgspec.ValidationError as error:
        cure = "Write light, id and steps, each {duration_s: 30, state: GGrr}."
        raise document.error((), f"{error}.".replace("`", ""), cure) from error


def program_yaml(program: LampProgram) -> str:
    """Writes a program as YAML, a line for each step; `read_program_yaml` gives the same program back."""
    import io

    import msgspec
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    body = CommentedMap(_plain(msgspec.to_builtins(program)))
    steps = CommentedSeq()
    for step in program.steps:
        told = _plain(msgspec.to_builtins(step))
        first = {name: told.pop(name) for name in ("duration_s", "state") if name in told}
        line = CommentedMap({**first, **told})
        line.fa.set_flow_style()
        steps.append(line)
    if steps:
        body["steps"] = steps
    body.yaml_set_start_comment("A signal program of nutgiao, in steps. All times are seconds.")
    yaml = YAML()
    yaml.width = 10_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = io.StringIO()
    yaml.dump(body, out)
    return out.getvalue()


def _plain(value: Any) -> Any:
    """Whole seconds without a point, as people write them; words that only double quotes carry through YAML in them."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    if isinstance(value, str) and not value.isprintable():
        return DoubleQuotedScalarString(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {_plain(key): _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value
