"""A YAML file as plain values, with the line of every key, so that an error can say where it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from nutgiao.models.contracts.errors import ConfigError

Key = tuple[str | int, ...]
"""Where a value stands: keys and list positions from the top."""

MAX_BYTES = 1_000_000
MAX_VALUES = 100_000


class Document:
    """One YAML file.

    Attributes:
        path: the file, as the user named it.
        data: mappings, lists and scalars of plain Python types.
    """

    def __init__(self, path: Path, begins: str = "schema: nutgiao/site/1") -> None:
        """Reads the file.

        Args:
            path: the file.
            begins: what such a file begins with, for the message when there is nothing in it.

        Raises:
            ConfigError: if it is missing, no text, no YAML, empty, has a key twice or is not a mapping.
        """
        self.path = str(path)
        self._example = f"It begins like this: '{begins}'."
        self._lines: dict[Key, int] = {}
        self._left = MAX_VALUES
        yaml = YAML(typ="safe", pure=True)
        try:
            top = yaml.compose(self._text(path))
            self.data: dict[str, Any] = self._plain(top, (), (), yaml.constructor)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            problem = f"this is not YAML: {error.problem or error.context}."
            cure = "Often a colon, a quote or a space before it is missing."
            raise ConfigError(self.path, mark.line + 1 if mark else None, "", problem, cure) from error
        except (YAMLError, ValueError) as error:
            raise ConfigError(self.path, None, "", f"this is not YAML: {str(error).splitlines()[0]}.") from error
        except RecursionError as error:
            raise ConfigError(self.path, None, "", "brackets are nested too deep.", self._example) from error
        if not isinstance(self.data, dict):
            raise ConfigError(self.path, 1, "", "the file holds no keys.", self._example)

    def line(self, key: Key) -> int | None:
        """Line of a key from 1; of its nearest parent if the key itself is absent."""
        for length in range(len(key), 0, -1):
            if key[:length] in self._lines:
                return self._lines[key[:length]]
        return None

    def error(self, key: Key, problem: str, cure: str = "") -> ConfigError:
        """An error at a key of this file."""
        return ConfigError(self.path, self.line(key), dotted(key), problem, cure)

    def _text(self, path: Path) -> str:
        try:
            body = path.read_bytes()
        except FileNotFoundError:
            raise ConfigError(self.path, None, "", "there is no such file.", "Check the path.") from None
        except IsADirectoryError:
            raise ConfigError(self.path, None, "", "this is a folder.", "Name one YAML file in it.") from None
        except OSError as error:
            raise ConfigError(self.path, None, "", f"the file cannot be read: {error.strerror}.") from error
        if len(body) > MAX_BYTES:
            raise ConfigError(self.path, None, "", f"the file has {len(body)} bytes; this is no site file.")
        try:
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            broken = body[: error.start].count(b"\n") + 1
            raise ConfigError(self.path, broken, "", "this is no UTF-8 text.", "Name a YAML text file.") from error
        if "\0" in text:
            raise ConfigError(self.path, None, "", "this is a binary file.", "Name a YAML text file.")
        if not text.strip():
            raise ConfigError(self.path, None, "", "the file is empty.", self._example)
        for number, line in enumerate(text.splitlines(), start=1):
            if "\t" in line[: len(line) - len(line.lstrip())]:
                raise ConfigError(self.path, number, "", "a tab indents this line.", "YAML takes spaces only.")
        return text

    def _plain(self, node: Any, key: Key, above: tuple[int, ...], scalars: Any) -> Any:
        """Turns a node and all below it into plain values and notes their lines."""
        self._left -= 1
        if id(node) in above or self._left < 0:
            raise self.error(key, "an alias repeats itself without end.", "Write the values out.")
        inside = (*above, id(node))
        if isinstance(node, SequenceNode):
            values = []
            for index, item in enumerate(node.value):
                self._lines[*key, index] = item.start_mark.line + 1
                values.append(self._plain(item, (*key, index), inside, scalars))
            return values
        if not isinstance(node, MappingNode):
            return None if node is None else scalars.construct_object(node)
        block: dict[str, Any] = {}
        for name_node, value in node.value:
            if not isinstance(name_node, ScalarNode):
                raise self.error(key, "a key is not a plain word.", "Often a colon is too many.")
            name = str(name_node.value)
            here, line = (*key, name), name_node.start_mark.line + 1
            if name in block:
                problem = f"the same key is given twice, first in line {self._lines[here]}."
                raise ConfigError(self.path, line, dotted(here), problem, "Keep one of them.")
            self._lines[here] = line
            block[name] = self._plain(value, here, inside, scalars)
        return block


def dotted(key: Key) -> str:
    """``("approaches", 0, "lanes")`` as ``approaches[0].lanes``."""
    words = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key)
    return words.removeprefix(".")
