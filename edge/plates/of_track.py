"""The plate of one vehicle from the views of its track: a vote, a bound on the time it may take, and never a guess."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from nutgiao.edge.detect.store import WeightsStore
from nutgiao.edge.evidence.subject import PlateFound, SubjectView
from nutgiao.edge.plates.finder import TextFinder
from nutgiao.edge.plates.reader import PlateReader, SeenPlate
from nutgiao.edge.plates.recogniser import TextRecogniser
from nutgiao.edge.plates.vote import PlateVote
from nutgiao.models.contracts.evidence import PlateNote
from nutgiao.models.contracts.plates import PlateLaw, Unreadable
from nutgiao.models.vision.cards import TEXT_FINDER, TEXT_READER
from nutgiao.models.vision.plates.grammar import PlateGrammar

SHARE = 0.2
"""Of one core's time that reading may take in the long run: a box watches its street first. Own value."""

SAVED_S = 4.0
"""Unused time that is kept for later, enough for two vehicles: three views of one take 1 to 2 s of one core."""

ENOUGH = 3
"""Views that count after which a clear answer is not asked again: more of them weigh no more, see `vote`."""

TWICE = 2
"""Views that must say the same: a number in one picture alone may be that of a neighbour who was half hidden."""

MOST = 5
"""Views that are looked at: who cannot be read in the best five is not read in the others."""

LOW_FROM = 0.4
"""A plate is mounted low: what lies higher in the vehicle's box, as a share of its height from the top, is the plate of
somebody further away, or a text on goods or a back. Plates of the motorcycles and cars in the photographs of
`plates_scene` lie from 0.49 on, those of others behind them up to 0.37. Own bound between the two."""


class TrackPlates:
    """Reads the plate of a violation's vehicle; a `PlateLook`.

    Args:
        finder: finds lines of text.
        recogniser: reads them; made for the letters of the law.
        law: forms of plates with their days.
        utc_offset_h: of the site: the forms valid on the local day of the act count.
        clock: monotonic seconds.
        share: of one core's time that reading may take in the long run, 0..1.
    """

    def __init__(
        self,
        finder: TextFinder,
        recogniser: TextRecogniser,
        law: PlateLaw,
        utc_offset_h: float,
        clock: Callable[[], float],
        share: float = SHARE,
    ) -> None:
        self._finder, self._recogniser, self._law = finder, recogniser, law
        self._offset, self._clock, self._share = timedelta(hours=utc_offset_h), clock, share
        self._reader: tuple[PlateGrammar, PlateReader] | None = None
        self._saved_s, self._asked_s = SAVED_S, clock()

    def __call__(self, views: Sequence[SubjectView]) -> PlateFound:
        """Reads one vehicle.

        Args:
            views: of it alone, best first.

        Returns:
            The number with a picture of its plate, or why there is none: a number needs two views that show it, none
            that shows another one, and time that other vehicles have left.
        """
        if not views:
            return _unreadable(Unreadable.NO_PLATE)
        grammar, reader = self._reader_of(views[0].time_s)
        vote = PlateVote(grammar)
        read: dict[str, list[SeenPlate]] = {}
        for number, view in enumerate(views[:MOST]):
            if not self._time_left():
                if number == 0:
                    return _unreadable(Unreadable.NO_TIME)
                break
            begun_s = self._clock()
            plates = reader.read_picture(view.image[round(LOW_FROM * view.image.shape[0]) :])
            self._saved_s -= self._clock() - begun_s
            if len({seen.reading.text for seen in plates} - {None}) > 1:
                return _unreadable(Unreadable.SEVERAL)
            best = max(plates, key=lambda one: (one.reading.text is not None, one.reading.likelihood), default=None)
            if best is not None and vote.add(best) and best.reading.text is not None:
                read.setdefault(best.reading.text, []).append(best)
            if vote.frames >= ENOUGH and vote.result().text is not None:
                break
        answer = vote.result()
        if answer.text is None:
            return _unreadable(answer.reason or Unreadable.NO_PLATE)
        if len(read[answer.text]) < TWICE:
            return _unreadable(Unreadable.ONCE)
        note = PlateNote(text=answer.text, confidence=round(answer.likelihood, 3), form=", ".join(answer.forms) or None)
        return PlateFound(note, read[answer.text][0].plate)

    def _reader_of(self, time_s: float) -> tuple[PlateGrammar, PlateReader]:
        """Grammar and reader of the local day."""
        day = (datetime.fromtimestamp(time_s, UTC) + self._offset).date().isoformat()
        if self._reader is None or self._reader[0].day != day:
            grammar = PlateGrammar(self._law, day)
            self._reader = grammar, PlateReader(self._finder, self._recogniser, grammar)
        return self._reader

    def _time_left(self) -> bool:
        now_s = self._clock()
        self._saved_s = min(SAVED_S, self._saved_s + self._share * (now_s - self._asked_s))
        self._asked_s = now_s
        return self._saved_s > 0.0


def open_plates(store: WeightsStore, law: PlateLaw, utc_offset_h: float, clock: Callable[[], float]) -> TrackPlates:
    """Loads the text models that are in the store.

    Args:
        store: of the box; nothing is fetched.
        law: see `TrackPlates`.
        utc_offset_h: see there.
        clock: see there.

    Raises:
        ModelUnavailable: if one is not there or damaged, with what to do.
    """
    letters = PlateGrammar(law, "2000-01-01").letters  # the same on every day
    finder = TextFinder(store.verified(TEXT_FINDER))
    return TrackPlates(
        finder, TextRecogniser(store.verified(TEXT_READER), letters, law.read_as), law, utc_offset_h, clock
    )


def _unreadable(reason: Unreadable) -> PlateFound:
    """No answer, and no picture of a plate: what was found may be other text."""
    return PlateFound(PlateNote(text=None, confidence=0.0, reason=reason.value))
