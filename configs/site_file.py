"""A site file that a tool changes: comments and order stay, and nothing replaces it that the loader would refuse."""

from __future__ import annotations

import contextlib
import difflib
import io
import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from nutgiao.configs.document import Document, Key
from nutgiao.configs.loader import load_site, site_path
from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.contracts.site import Site
from nutgiao.models.vision.pinhole import usual_pairs

Changes = Mapping[Key, Any]
"""New values by where they stand: ``{("cameras", 0, "ground_pairs"): [...]}``. None takes a key out."""


class SiteFile:
    """One site file on disk.

    A camera that nobody has calibrated yet may lack its ground_pairs: until then it gets those of a usual mast.

    Attributes:
        path: the file.
        site: what it says.
        unmeasured: ids of the cameras without pairs of their own.
    """

    def __init__(self, name_or_path: str | Path) -> None:
        """Reads and checks it.

        Raises:
            ConfigError: if it is no good site file.
        """
        self.path = site_path(name_or_path)
        document = Document(self.path)  # tells what is wrong with the YAML itself
        self._bytes = self.path.read_bytes()
        self.unmeasured = _unmeasured(document.data)
        self.site = self._loaded(self._bytes, self.path) if self.unmeasured else load_site(self.path)

    def save(self, changes: Changes, stamp: str, to: Path | None = None) -> Path | None:
        """Writes the changes: all of them or, if anything is wrong, none.

        Args:
            changes: new values.
            stamp: names the backup, such as the time now.
            to: another file to write; the file itself if None.

        Returns:
            The backup of what stood there before; None if nothing did.

        Raises:
            ConfigError: if the file was changed meanwhile, cannot be written, or would not be a good site file.
        """
        target = to or self.path
        if to is None:
            self._refuse_unwritable()
        body = changed_text(self._bytes, changes.items())
        backup: Path | None = None
        handle, temporary = -1, Path()
        try:
            handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".yaml", dir=target.parent)
            temporary = Path(name)
            with os.fdopen(handle, "wb") as stream:
                stream.write(body)
                stream.flush()
                os.fsync(stream.fileno())
            site = self._loaded(body, target)
            if target.exists():
                temporary.chmod(target.stat().st_mode & 0o777)
                backup = _backup(target, stamp)
            else:
                temporary.chmod(0o644)
            temporary.replace(target)
        except OSError as error:
            problem = f"cannot be written: {error.strerror or error}."
            raise ConfigError(str(target), None, "", problem, "Check its folder, or name another file.") from error
        finally:
            if handle >= 0:
                with contextlib.suppress(FileNotFoundError):
                    temporary.unlink()
        self.path, self.site, self._bytes = target, site, body
        self.unmeasured = _unmeasured(Document(target).data)
        return backup

    @staticmethod
    def _loaded(body: bytes, target: Path) -> Site:
        """What the loader makes of a text; errors speak of the file that it is or is to become."""
        with tempfile.TemporaryDirectory() as folder:
            trial = Path(folder) / "site.yaml"
            trial.write_bytes(body)
            missing = _unmeasured(Document(trial).data)
            trial.write_bytes(changed_text(body, missing.values()) if missing else body)
            try:
                return load_site(trial)
            except ConfigError as error:
                real = ConfigError(str(target), error.line, error.key, error.problem, error.cure)
                for note in getattr(error, "__notes__", ()):
                    real.add_note(note.replace(str(trial), str(target)))
                raise real from error

    def _refuse_unwritable(self) -> None:
        if self.path.resolve().parent == Path(__file__).resolve().parent / "sites":
            cure = "Name another file to write it to."
            raise ConfigError(str(self.path), None, "", "this site is part of nutgiao itself.", cure)
        try:
            now = self.path.read_bytes()
        except OSError as error:
            raise ConfigError(str(self.path), None, "", f"cannot be read again: {error.strerror}.") from error
        if now != self._bytes:
            cure = "Load it again, so that nobody's work is lost."
            raise ConfigError(str(self.path), None, "", "somebody has changed the file meanwhile.", cure)
        if not os.access(self.path, os.W_OK):
            raise ConfigError(str(self.path), None, "", "the file is read-only.", "chmod u+w it, or name another file.")


def changed_text(body: bytes, changes: Iterable[tuple[Key, Any]]) -> bytes:
    """A YAML text with new values and its old comments.

    Args:
        body: the text, UTF-8.
        changes: where, and the new value; None takes the key out.
    """
    yaml = YAML()
    yaml.preserve_quotes, yaml.width = True, 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    top = yaml.load(body.decode("utf-8-sig"))
    for key, value in changes:
        _put(top, key, value)
    stream = io.BytesIO()
    yaml.dump(top, stream)
    return stream.getvalue()


def _unmeasured(data: Mapping[str, Any]) -> dict[str, tuple[Key, Any]]:
    """Cameras without ground pairs, by id, and pairs of a usual mast for each."""
    found: dict[str, tuple[Key, Any]] = {}
    cameras = data.get("cameras")
    for index, camera in enumerate(cameras if isinstance(cameras, list) else ()):
        if not isinstance(camera, dict) or camera.get("ground_pairs"):
            continue
        width, height = camera.get("width_px"), camera.get("height_px")
        if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
            at = ("cameras", index, "ground_pairs")
            found[str(camera.get("id"))] = (at, usual_pairs((width, height)))
    return found


def _backup(target: Path, stamp: str) -> Path:
    """A copy beside the file; never over one that is there."""
    body, number = target.read_bytes(), 0
    while True:
        backup = target.with_name(f"{target.name}.{stamp}{f'-{number}' if number else ''}.bak")
        try:
            with backup.open("xb") as stream:
                stream.write(body)
        except FileExistsError:
            number += 1
        else:
            return backup


def _put(top: Any, key: Key, value: Any) -> None:
    """Sets a value; what is the same stays as it was written, with its comments."""
    *above, last = key
    for part in above:
        if isinstance(part, str) and part not in top:
            top[part] = CommentedMap()
        top = top[part]
    if value is None:
        if last in top:
            del top[last]
        return
    there = top.get(last) if isinstance(last, str) else top[last]
    if isinstance(there, CommentedMap) and isinstance(value, Mapping):
        for name in [name for name in there if name not in value]:
            del there[name]
        for name, inner in value.items():
            _put(there, (name,), inner)
    elif isinstance(there, CommentedSeq) and isinstance(value, Sequence) and not isinstance(value, str):
        _put_rows(there, value)
    elif there != value:
        top[last] = _styled(value)


def _put_rows(there: CommentedSeq, rows: Sequence[Any]) -> None:
    """Sets the rows of a list, from the last to the first; a row that stays keeps its comment, wherever it moves to."""
    old, new = ([json.dumps(_plain(row), sort_keys=True) for row in side] for side in (there, rows))
    for act, i, i_end, k, k_end in reversed(difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()):
        if act == "equal":
            continue
        shared = min(i_end - i, k_end - k)
        for at in reversed(range(i + shared, i_end)):
            del there[at]
        for row in reversed(rows[k + shared : k_end]):
            there.insert(i + shared, _styled(row))
        for step in range(shared):
            _put(there, (i + step,), rows[k + step])


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def _styled(value: Any) -> Any:
    """New values as people write them: a list of plain values in one line."""
    if isinstance(value, Mapping):
        return CommentedMap((name, _styled(inner)) for name, inner in value.items())
    if not isinstance(value, list | tuple):
        return value
    row = CommentedSeq(_styled(inner) for inner in value)
    if not any(isinstance(inner, Mapping | list | tuple) for inner in value):
        row.fa.set_flow_style()
    return row
