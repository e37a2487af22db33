"""The one module that knows Numba's options: explicit signatures, compiled before the node says ready."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import Any, TypeVar, cast

import numba
from numba.core import types
from numba.np import arrayobj

F = TypeVar("F", bound=Callable[..., Any])

# One switch: the folder for compiled kernels. Off unless asked, because a stale cache on a box is a worse surprise than
# a slow start; the demo and the tests set it (NUMBA_CACHE_DIR is Numba's own variable).
CACHE = "NUMBA_CACHE_DIR" in os.environ


def _folder(module: str, file: str) -> str:
    """Where compiled kernels of a module are kept.

    Numba looks only at a kernel's own file, but what it calls is compiled into it: a step changed in another file would
    go on in its old form. So each state of the sources of this room and the kernel's own has a folder of its own.

    Args:
        module: dotted name of the kernel's module; the second part of three or more is its room.
        file: the module's.
    """
    room = os.path.dirname(file)
    for _ in module.split(".")[3:]:
        room = os.path.dirname(room)
    return os.path.join(os.environ["NUMBA_CACHE_DIR"], f"{_state(os.path.dirname(__file__))}-{_state(room)}")


@cache
def _state(room: str) -> str:
    """Digest of the sources in a folder, in their state of now."""
    digest = hashlib.sha256()
    for folder, _, names in sorted(os.walk(room)):
        for name in sorted(names):
            if name.endswith(".py"):
                stat = os.stat(os.path.join(folder, name))  # as Numba itself tells states of a file apart
                digest.update(f"{folder} {name} {stat.st_size} {stat.st_mtime_ns};".encode())
    return digest.hexdigest()[:12]


_config: Any = numba.config  # its names are made at run time
_compiled: list[Any] = []


def kernel(signature: Any, *, parallel: bool = False, lean: bool = False) -> Callable[[F], F]:
    """Compiles a loop over arrays for exactly these argument types.

    Lazy ``njit`` silently builds another version for every strided, read-only or float32 input; an explicit signature
    refuses it with a TypeError instead. ``fastmath`` stays off: NaN means "no data" here.

    Args:
        signature: Numba signature such as ``"void(f8[:, ::1], i8[::1])"``, or several, or one built from types.
        parallel: spreads ``numba.prange`` over the cores.
        lean: no array is made and no index counts from the end. Numba's reference counting is left out, so that a
            kernel that makes an array does not compile (in a loop over a hundred arrays it was 40 % of the time), and
            so is its test for negative indices, another 18 % and all that was missing to C; the tests' run with
            NUMBA_BOUNDSCHECK=1 finds an index that is negative.

    Returns:
        A decorator.
    """

    def decorate(function: F) -> F:
        signatures = list(signature) if isinstance(signature, tuple) else [signature]
        if os.environ.get("NUMBA_DISABLE_JIT") == "1":
            return function
        if CACHE:
            _config.CACHE_DIR = _folder(function.__module__, function.__code__.co_filename)
        njit: Any = numba.njit  # its types do not know _nrt
        with _indices_as_they_are() if lean else nullcontext():
            compiled: Any = njit(signatures, nogil=True, cache=CACHE, parallel=parallel, _nrt=not lean)(function)
        _compiled.append(compiled)
        return cast(F, compiled)

    return decorate


@contextmanager
def _indices_as_they_are() -> Iterator[None]:
    """Leaves Numba's "a negative index counts from the end" out of what is compiled meanwhile."""

    def as_it_is(context: Any, builder: Any, kind: Any, index: Any, _size: Any) -> Any:
        return context.cast(builder, index, kind, types.intp if kind.signed else types.uintp)

    usual = arrayobj.fix_integer_index
    arrayobj.fix_integer_index = as_it_is
    try:
        yield
    finally:
        arrayobj.fix_integer_index = usual


def inlined(function: F) -> F:
    """Compiles a step that several kernels share into each of them, so that it costs no call.

    Returns:
        The function, to be called from kernels only.
    """
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        return function
    return cast(F, numba.njit(inline="always")(function))


def warm_up() -> int:
    """Forbids further compilation; kernels were compiled when their modules were imported.

    Returns:
        How many kernels are ready.
    """
    for compiled in _compiled:
        compiled.disable_compile()
    return len(_compiled)
