"""The door to the compiler keeps what it promises: exact types, no hidden arrays, steps without a call."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba.core.errors import NumbaError

from nutgiao.models.jit import inlined, kernel

compiled = pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")


@inlined
def doubled(x: float) -> float:
    return 2.0 * x


@inlined
def put_doubled(values: np.ndarray, i: int) -> None:
    values[i] = doubled(values[i])


def test_a_shared_step_works_inside_a_kernel() -> None:
    @kernel("void(f8[::1])", lean=True)
    def double(values: np.ndarray) -> None:
        for i in range(len(values)):
            put_doubled(values, i)

    values = np.array([1.0, -2.5])
    double(values)
    assert values.tolist() == [2.0, -5.0]


@compiled
def test_a_kernel_that_may_not_allocate_does_not_compile_if_it_does() -> None:
    with pytest.raises(NumbaError):

        @kernel("f8(f8[::1])", lean=True)
        def careless(values: np.ndarray) -> float:
            return float(np.cumsum(values)[-1])


@compiled
def test_the_same_kernel_compiles_where_it_may_allocate() -> None:
    @kernel("f8(f8[::1])")
    def careless(values: np.ndarray) -> float:
        return float(np.cumsum(values)[-1])

    assert careless(np.ones(3)) == 3.0


@compiled
@pytest.mark.parametrize("values", [np.ones(4, np.float32), np.ones(8)[::2], np.ones(4, np.int64)])
def test_other_types_are_refused_instead_of_compiled_again(values: np.ndarray) -> None:
    @kernel("f8(f8[::1])")
    def first(values: np.ndarray) -> float:
        return float(values[0])

    with pytest.raises(TypeError, match="No matching definition"):
        first(values)


def test_a_negative_index_in_a_lean_kernel_is_found_by_the_run_with_bounds_checks() -> None:
    """Outside that run it would read what lies before the array."""
    code = """
import numpy as np
from nutgiao.models.jit import kernel

@kernel("f8(f8[::1], i8)", lean=True)
def at(values, i):
    return values[i]

print(at(np.arange(3.0), 2))
at(np.arange(3.0), -1)
"""
    environment = {k: v for k, v in os.environ.items() if k not in {"NUMBA_CACHE_DIR", "NUMBA_DISABLE_JIT"}}
    child = subprocess.run(
        [sys.executable, "-c", code],
        env=environment | {"NUMBA_BOUNDSCHECK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.stdout == "2.0\n"
    assert "IndexError" in child.stderr


def test_a_kept_kernel_is_compiled_anew_when_one_that_it_calls_has_changed(tmp_path: Path) -> None:
    """Numba's own cache looks at the caller's file only, and would go on with the old form."""
    kept, room = tmp_path / "kept", tmp_path / "brand" / "room"
    room.mkdir(parents=True)
    made = "from nutgiao.models.jit import kernel\n"
    (room / "caller.py").write_text(
        f"from brand.room.deep.called import called\n{made}\n@kernel('f8(f8)')\ndef caller(x):\n    return called(x)\n"
    )
    (room / "deep").mkdir()
    environment = os.environ | {"NUMBA_CACHE_DIR": str(kept), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("NUMBA_DISABLE_JIT", None)
    told = []
    for figure in ("2.0", "30.0"):
        (room / "deep" / "called.py").write_text(
            f"{made}\n@kernel('f8(f8)')\ndef called(x):\n    return x * {figure}\n"
        )
        code = "from brand.room.caller import caller; print(caller(1.0))"
        child = subprocess.run(
            [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        told.append(child.stdout.strip())
    assert told == ["2.0", "30.0"]
    assert len(list(kept.iterdir())) == 2
