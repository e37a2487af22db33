"""Builds the C twin of the network kernel in several ways and calls it on the kernel's own arrays."""

from __future__ import annotations

import ctypes
import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

import numpy as np

from nutgiao.models.contracts.errors import NutgiaoError
from nutgiao.models.queueing.network import tables
from nutgiao.models.queueing.network.tables import I4, RECORDS, Behaviour, Demand, Network, Programs, State

SOURCE = Path(__file__).parent / "c" / "network_kernel.c"
COMMON = ("-std=c11", "-ffp-contract=off", "-fno-math-errno")
BUILDS = tuple(
    (*level, *native)
    for native in ((), ("-march=native",))
    for level in (("-O2",), ("-O3",), ("-O2", "-fno-tree-vectorize"), ("-O3", "-fno-tree-vectorize"))
)
"""Contraction stays off: a fused product and sum rounds once instead of twice, and the twins would part."""

TABLES: tuple[type[NamedTuple], ...] = (Network, Behaviour, Programs, Demand, State)
_C_TYPES = {"i4": "int32_t", "f4": "float", "f8": "double"}


class NoCompiler(NutgiaoError):
    """There is no C compiler, or it does not build the twin."""


def _type_name(dtype: np.dtype[np.void]) -> str:
    """``LANE_STATE`` of the tables is ``LaneState`` in C."""
    name = next(name for name, kind in vars(tables).items() if kind is dtype)
    return "".join(word.capitalize() for word in name.split("_"))


def header() -> str:
    """The records, tables and constants of the kernel as C has them, with checks of size and place of every field."""
    lines = ["/* Written by benchmarks/c_twin.py from models/queueing/network/tables.py. */", "#include <stddef.h>"]
    whole = {n: v for n, v in vars(tables).items() if n.isupper() and isinstance(v, int) and not isinstance(v, bool)}
    lines += [f"#define {name} ({value})" for name, value in whole.items()]
    for dtype in dict.fromkeys(RECORDS.values()):
        name, fields = _type_name(dtype), dtype.fields
        assert fields is not None
        members = " ".join(f"{_C_TYPES[kind.str[1:]]} {field};" for field, (kind, *_) in fields.items())
        lines.append(f"typedef struct {{ {members} }} {name};")
        lines.append(f'_Static_assert(sizeof({name}) == {dtype.itemsize}, "{name}");')
        for field, (_, place, *_) in fields.items():
            lines.append(f'_Static_assert(offsetof({name}, {field}) == {place}, "{name}.{field}");')
    for table in TABLES:
        members = ""
        for field, hint in get_type_hints(table).items():
            key = f"{table.__name__}.{field}"
            kind = _type_name(RECORDS[key]) if key in RECORDS else "int32_t" if hint == I4 else "double"
            members += f"{kind} *{field}; int64_t {field}_length; "
        lines.append(f"typedef struct {{ {members}}} {table.__name__};")
    return "\n".join(lines) + "\n"


def compiler() -> list[str]:
    """The environment's CC, or ``cc``.

    Raises:
        NoCompiler: if there is none.
    """
    command = shlex.split(os.environ.get("CC", "cc"))
    if not command or shutil.which(command[0]) is None:
        raise NoCompiler(f"no C compiler: {' '.join(command) or 'CC'} is not on the PATH")
    return command


def version() -> str:
    """First line of what the compiler says of itself."""
    done = subprocess.run([*compiler(), "--version"], capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).partition("\n")[0]


def build(options: tuple[str, ...], folder: Path, sources: tuple[Path, ...] = (SOURCE,), shared: bool = True) -> Path:
    """Builds the twin.

    Args:
        options: of this build, beside the common ones.
        folder: where the result and records.h go.
        sources: files to build.
        shared: a library; otherwise a program.

    Raises:
        NoCompiler: if there is none or it gives up; carries its message.
    """
    (folder / "records.h").write_text(header())
    out = folder / ("twin" + "".join(options).replace("=", "-") + (".so" if shared else ""))
    command = [*compiler(), *COMMON, *options, f"-I{folder}", *map(str, sources), "-o", str(out), "-lm"]
    done = subprocess.run(
        command + (["-shared", "-fPIC"] if shared else []), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise NoCompiler(f"{' '.join(command)}: {done.stderr.strip()[-1500:]}")
    return out


def pointers(table: Any) -> Any:
    """A table as the C struct of pointers and lengths; a two-dimensional array's length is that of a row."""
    fields: list[tuple[str, Any]] = []
    for name in table._fields:
        fields += [(name, ctypes.c_void_p), (f"{name}_length", ctypes.c_int64)]
    kind = type(type(table).__name__, (ctypes.Structure,), {"_fields_": fields})
    values = [value for array in table for value in (array.ctypes.data, array.shape[-1])]
    return kind(*values)


class Twin:
    """One build, tied to the arrays of one street.

    Args:
        library: as `build` made it.
        net: the street.
        how: how drivers behave.
        programs: the signal programs.
        demand: who drives.
        state: what the twin moves; reset it by the kernel's own `reset`.
    """

    def __init__(
        self, library: Path, net: Network, how: Behaviour, programs: Programs, demand: Demand, state: State
    ) -> None:
        self._kept = (net, how, programs, demand, state)
        self._tables = [pointers(table) for table in self._kept]
        self._advance = ctypes.CDLL(str(library)).advance
        self._advance.restype = None
        self._arguments = [ctypes.byref(table) for table in self._tables]

    def advance(self, stage_s: tables.F8, begin: int, end: int) -> None:
        """As the kernel's `advance`, without a trace."""
        plan = ctypes.c_void_p(stage_s.ctypes.data)
        *shared, state = self._arguments
        self._advance(*shared, plan, state, ctypes.c_int64(begin), ctypes.c_int64(end))
