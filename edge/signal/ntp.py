"""What the machine knows about its clock: adjtimex(2), which every time service of Linux keeps up to date.

chronyd, ntpd and systemd-timesyncd all steer the clock by this call, so that one reading without any rights serves for
the three of them. Source of structure and constants: the Linux manual page adjtimex(2) and ``linux/timex.h``.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from dataclasses import dataclass

_STA_UNSYNC, _STA_NANO = 0x0040, 0x2000


class _Timex(ctypes.Structure):
    """``struct timex``; only the first fields are read, the rest keeps its size."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


@dataclass(frozen=True, slots=True)
class NtpReading:
    """A clock that somebody keeps.

    Attributes:
        ahead_s: how far the clock is ahead of its servers: what is still to be slewed away.
        error_s: largest error; grows by 500 ppm for as long as no server is heard.
    """

    ahead_s: float
    error_s: float


def adjtimex(reading: _Timex) -> int:
    """Asks the kernel; with ``modes`` 0 nothing is changed.

    Args:
        reading: is filled in.

    Returns:
        The clock's state, -1 where the call is refused or missing, as on other systems than Linux.
    """
    try:
        return int(ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(reading)))
    except (OSError, AttributeError):
        return -1


def read_ntp(ask: Callable[[_Timex], int] = adjtimex) -> NtpReading | None:
    """What the kernel knows about the clock.

    Args:
        ask: fills in the kernel's structure.

    Returns:
        None where the clock is kept by nobody, or nothing can be known.
    """
    if os.name != "posix":
        return None
    reading = _Timex()
    if ask(reading) < 0 or reading.status & _STA_UNSYNC:
        return None
    unit_s = 1e-9 if reading.status & _STA_NANO else 1e-6
    # the kernel's offset is what it still has to add, so the clock is behind by it
    return NtpReading(round(-reading.offset * unit_s, 9), reading.maxerror * 1e-6)
