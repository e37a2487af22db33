"""Gives a YOLOv8 or YOLO11 network in ONNX form another input size, a free batch and fewer classes, without torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.errors import ModelUnavailable
from nutgiao.models.vision.yolo import STRIDES, cells

MULTIPLE_PX = STRIDES[-1]
"""Both sides of the input have to be a multiple of the coarsest stride."""


def _anchor_tables(size_px: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where the anchors of a YOLOv8 head lie: at the centres of the cells.

    Source: Ultralytics ``make_anchors`` (offset 0.5), which exports them as constants.

    Args:
        size_px: width and height of the network's input.

    Returns:
        Centres ``(2, n)`` in cells (x, y), and strides ``(n,)`` in pixels.
    """
    corners, strides = cells(size_px)
    return corners.T + np.float32(0.5), strides[:, 0]


def resize_network(source: Path, target: Path, size_px: tuple[int, int], keep: Sequence[int] | None = None) -> None:
    """Writes the same network for another input size, with a batch that may be any.

    A fixed export carries its size in three places: targets of reshapes (numbers of anchors and of cells), the table of
    anchor centres and the table of strides. They are replaced; the weights stay as they are, so answers differ from
    those of the old size only where the padding around the picture does.

    Args:
        source: the ONNX file, with a fixed square or rectangular input.
        target: where the new one goes.
        size_px: width and height, multiples of 32.
        keep: classes that stay, in this order; None keeps all. The last layer of the class branch is cut to them.

    Raises:
        ModelUnavailable: if ``onnx`` is not installed, the size is impossible, or the file is not such a network.
    """
    onnx = onnx_package()
    if min(size_px) < MULTIPLE_PX or any(side % MULTIPLE_PX for side in size_px):
        raise ModelUnavailable(f"{size_px[0]}x{size_px[1]}: both sides have to be multiples of {MULTIPLE_PX}")
    model = onnx.load(str(source))
    graph = model.graph
    _constants_first(graph)
    shape = [axis.dim_value for axis in graph.input[0].type.tensor_type.shape.dim]
    if len(shape) != 4 or 0 in shape[2:]:
        raise ModelUnavailable(f"{source}: its input {shape} is not of a fixed size")
    old = (shape[3], shape[2])
    tables = _replace_tables(graph, old, size_px)
    if tables != {"centres", "strides"}:
        raise ModelUnavailable(
            f"{source}: the anchor tables of a YOLOv8 or YOLO11 network for {old[0]}x{old[1]} are not in this graph; "
            "export it for the size that you want from its .pt weights ('nutgiao models export --weights FILE.pt')."
        )
    _replace_reshapes(graph, old, size_px)
    if keep is not None:
        _keep_classes(graph, keep, source)
    _declare(graph.input[0], ["batch", 3, size_px[1], size_px[0]])
    classes = len(keep) if keep is not None else graph.output[0].type.tensor_type.shape.dim[1].dim_value - 4
    _declare(graph.output[0], ["batch", 4 + classes, sum(_cells(size_px, s) for s in STRIDES)])
    del graph.value_info[:]
    try:
        onnx.checker.check_model(onnx.shape_inference.infer_shapes(model, strict_mode=True))
    except Exception as error:  # onnx raises several types that share only this
        raise ModelUnavailable(f"{source}: cannot be made {size_px[0]}x{size_px[1]} ({error})") from error
    onnx.save(model, str(target))


def onnx_package() -> Any:
    """The package ``onnx``, which only making engines needs.

    Raises:
        ModelUnavailable: if it is not installed.
    """
    try:
        import onnx
        import onnx.numpy_helper
        import onnx.shape_inference
    except ImportError as error:
        raise ModelUnavailable(
            "making engines needs the package 'onnx': pip install 'nutgiao[engines]' (running them does not)"
        ) from error
    return onnx


def _constants_first(graph: Any) -> None:
    """Makes initialisers of constant nodes: exports that were not simplified keep their tables there."""
    constants = [node for node in graph.node if node.op_type == "Constant" and node.attribute[0].name == "value"]
    for node in constants:
        tensor = graph.initializer.add()
        tensor.CopyFrom(node.attribute[0].t)
        tensor.name = node.output[0]
        graph.node.remove(node)


def _cells(size_px: tuple[int, int], stride: int) -> int:
    return (size_px[0] // stride) * (size_px[1] // stride)


def _replace_tables(graph: Any, old: tuple[int, int], new: tuple[int, int]) -> set[str]:
    """Puts the new anchor tables in and tells which were found: tables of which every value is as expected."""
    from onnx import numpy_helper

    centres, strides = _anchor_tables(old)
    new_centres, new_strides = _anchor_tables(new)
    found = set()
    for tensor in graph.initializer:
        if tensor.data_type != 1 or strides.size not in tensor.dims:  # 1: float32
            continue
        values = numpy_helper.to_array(tensor)
        for name, before, after in (("centres", centres, new_centres), ("strides", strides, new_strides)):
            if values.size == before.size and np.array_equal(values.ravel(), before.ravel()):
                dims = tuple(new_strides.size if axis == strides.size else axis for axis in values.shape)
                tensor.CopyFrom(numpy_helper.from_array(after.reshape(dims), tensor.name))
                found.add(name)
    return found


def _replace_reshapes(graph: Any, old: tuple[int, int], new: tuple[int, int]) -> None:
    """New targets of reshapes: numbers of anchors, cells and grid sides, and 0 (as it comes) for the batch."""
    from onnx import numpy_helper

    anchors = {sum(_cells(old, s) for s in STRIDES): sum(_cells(new, s) for s in STRIDES)}
    # Attention works on the coarsest grid.
    coarsest = {_cells(old, STRIDES[-1]): _cells(new, STRIDES[-1])}
    grid = [old[1] // STRIDES[-1], old[0] // STRIDES[-1]]
    targets = {node.input[1] for node in graph.node if node.op_type == "Reshape"}
    for tensor in graph.initializer:
        if tensor.name not in targets:
            continue
        dims = numpy_helper.to_array(tensor).tolist()
        if dims[0] == 1:
            dims[0] = 0
        if len(dims) == 4 and dims[2:] == grid:
            dims[2:] = [new[1] // STRIDES[-1], new[0] // STRIDES[-1]]
        else:
            dims[-1] = (anchors | coarsest).get(dims[-1], dims[-1])
        tensor.CopyFrom(numpy_helper.from_array(np.array(dims, np.int64), tensor.name))


def _keep_classes(graph: Any, keep: Sequence[int], source: Path) -> None:
    """Cuts the last convolutions of the class branches to some classes: their weights are rows, one per class."""
    from onnx import numpy_helper

    classes = graph.output[0].type.tensor_type.shape.dim[1].dim_value - 4
    initial = {tensor.name: tensor for tensor in graph.initializer}
    reshapes = {}
    for node in graph.node:
        if node.op_type == "Reshape" and node.input[1] in initial:
            dims = numpy_helper.to_array(initial[node.input[1]]).tolist()
            if len(dims) == 3 and dims[1:] == [classes, -1]:
                reshapes[node.input[0]] = (initial[node.input[1]], dims)
    cut = 0
    for node in graph.node:
        if node.op_type != "Conv" or node.output[0] not in reshapes:
            continue
        for name in node.input[1:]:
            rows = numpy_helper.to_array(initial[name])[list(keep)]
            initial[name].CopyFrom(numpy_helper.from_array(np.ascontiguousarray(rows), name))
        cut += 1
    if cut != len(STRIDES):
        raise ModelUnavailable(f"{source}: its class branches could not be found, so classes cannot be left out")
    for tensor, dims in reshapes.values():
        tensor.CopyFrom(numpy_helper.from_array(np.array([dims[0], len(keep), -1], np.int64), tensor.name))


def _declare(value: Any, dims: Sequence[int | str]) -> None:
    """Sets the declared shape of an input or output; a word is a dimension that is known only at run time."""
    shape = value.type.tensor_type.shape
    del shape.dim[:]
    for size in dims:
        axis = shape.dim.add()
        if isinstance(size, str):
            axis.dim_param = size
        else:
            axis.dim_value = size
