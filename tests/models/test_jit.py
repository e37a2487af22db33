"""The door to the compiler keeps what it promises: exact types, no hidden arrays, steps without a call."""

from __future__ import annotations

import os
import subprocess
import sys

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
