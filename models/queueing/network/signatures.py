"""Numba's types of the tables, read from their annotations, so that each field is told once."""

from __future__ import annotations

from typing import Any, NamedTuple, get_type_hints

from numba import float64, from_dtype, int32, int64, types, void

from nutgiao.models.queueing.network.tables import F8, I4, RECORDS, Behaviour, Demand, Network, Programs, State


def table(kind: type[NamedTuple], *, rows: bool = False) -> Any:
    """The Numba type of a table of contiguous arrays, or of one with a row for each worker."""
    columns = []
    for name, hint in get_type_hints(kind).items():
        key = f"{kind.__name__}.{name}"
        element = int32 if hint == I4 else float64 if hint == F8 else from_dtype(RECORDS[key])
        two = rows or key == "Network.travel"
        columns.append(types.Array(element, 2 if two else 1, "C"))
    base: Any = types.BaseTuple
    return base.from_types(columns, kind)


_NETWORK, _BEHAVIOUR, _PROGRAMS, _DEMAND, _STATE = (table(t) for t in (Network, Behaviour, Programs, Demand, State))
_STREETS = table(State, rows=True)
_F8, _F8S, _F8SS, _I4S = float64, float64[::1], float64[:, ::1], int32[::1]

ADVANCE = void(_NETWORK, _BEHAVIOUR, _PROGRAMS, _DEMAND, _F8S, _STATE, int64, int64, _F8SS)
RESET = void(_NETWORK, _PROGRAMS, _DEMAND, _F8S, _F8S, _F8S, _F8, _STATE)
SETTLE = void(_NETWORK, _DEMAND, _STATE, _F8, _F8S, _F8S)
_RUNS = (
    _NETWORK, _BEHAVIOUR, _PROGRAMS, _DEMAND, _F8SS, _F8SS, _F8SS, _F8, int64, _STREETS, _F8SS, _F8SS, _F8SS, _I4S,
)  # fmt: skip
SHARE = void(int64, int64, *_RUNS)
BATCH = void(*_RUNS)
