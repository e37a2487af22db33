"""The errors that nutgiao raises, named by what the reader can do next.

```
NutgiaoError
├── ConfigError        mend the file: names file, line, key and a suggestion
├── ContractError      a message or number from outside does not fit its schema
├── PlanRejected       a plan breaks a safety rule: carries every refusal
├── CameraLost         a picture source is missing or has stopped
├── ModelUnavailable   weights are missing, damaged or could not be fetched
├── UplinkDown         the broker cannot be reached
├── EvidenceBroken     a bundle is incomplete or was changed
├── SimulationFailed   SUMO is missing or gave up
└── PortBusy           an address is taken by another program
```
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nutgiao.models.contracts.safety import Refusal


class NutgiaoError(Exception):
    """Anything that a user can mend; the command line prints it without a traceback."""


class ConfigError(NutgiaoError):
    """A configuration file is wrong.

    Args:
        path: the file.
        line: line number from 1, or None if no line is to blame.
        key: dotted key.
        problem: what is wrong.
        cure: what to write instead.
    """

    def __init__(self, path: str, line: int | None, key: str, problem: str, cure: str = "") -> None:
        self.path, self.line, self.key, self.problem, self.cure = path, line, key, problem, cure
        place = path if line is None else f"{path}:{line}"
        at = f" at '{key}'" if key else ""
        super().__init__(f"{place}{at}: {problem}" + (f" {cure}" if cure else ""))


class ContractError(NutgiaoError):
    """A message does not fit its schema."""


class PlanRejected(NutgiaoError):
    """A plan breaks at least one safety rule.

    Args:
        plan: id of the plan.
        refusals: each broken rule.
    """

    def __init__(self, plan: str, refusals: tuple[Refusal, ...]) -> None:
        self.plan, self.refusals = plan, refusals
        super().__init__(f"plan {plan} refused: " + "; ".join(str(refusal) for refusal in refusals))


class CameraLost(NutgiaoError):
    """A picture source is missing, is no video, or has stopped."""


class ModelUnavailable(NutgiaoError):
    """Weights are missing, damaged, or could not be fetched."""


class UplinkDown(NutgiaoError):
    """The broker cannot be reached."""


class EvidenceBroken(NutgiaoError):
    """An evidence bundle is incomplete or was changed."""


class SimulationFailed(NutgiaoError):
    """SUMO is missing or gave up."""


class PortBusy(NutgiaoError):
    """An address is taken by another program."""


def close_to(word: str, choices: list[str]) -> str:
    """``Did you mean 'x'?`` for the nearest choice, else the list of choices."""
    near = difflib.get_close_matches(word, choices, n=1, cutoff=0.6)
    if near:
        return f"Did you mean '{near[0]}'?"
    return f"Known: {', '.join(sorted(choices))}." if choices else ""
