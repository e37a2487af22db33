"""Makes a network calculate in 8-bit integers, with ranges learnt from pictures of the street that it will look at."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nutgiao.edge.detect.gate import Picture
from nutgiao.edge.detect.graph import onnx_package
from nutgiao.edge.detect.onnx import letterboxed
from nutgiao.edge.quiet_onnx import load_onnxruntime
from nutgiao.models.contracts.errors import ModelUnavailable
from nutgiao.models.vision.cards import ModelCard

INTEGER_LAYERS = ("Conv", "Concat", "MaxPool", "Resize", "Split", "Add")
"""Layers that stay in integers between convolutions too, so that nothing is converted back and forth."""


def quantize_network(source: Path, target: Path, card: ModelCard, pictures: Sequence[Picture]) -> None:
    """Writes the network with quantize and dequantize layers (QDQ) around its convolutions.

    Weights are kept in seven bits: processors without VNNI add pairs of products in 16 bits, which eight overflow. The
    first layer and the head stay in floating point: they take a tenth of the time and lose most.

    Args:
        source: the ONNX file in full precision.
        target: where the 8-bit one goes.
        card: of the source.
        pictures: from which the range of each layer is learnt.

    Raises:
        ModelUnavailable: if ``onnx`` is not installed or the network cannot be converted.
    """
    onnx = onnx_package()
    quantization = load_onnxruntime("quantization")
    quant_pre_process = load_onnxruntime("quantization.shape_inference").quant_pre_process

    class Reader:
        """Hands out one picture after another."""

        def __init__(self, name: str) -> None:
            self._name, self._left = name, iter(pictures)

        def get_next(self) -> dict[str, Any] | None:
            one = next(self._left, None)
            return None if one is None else {self._name: letterboxed(one.read(), card)[0]}

    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".int8-") as folder:
        ready = Path(folder) / "ready.onnx"
        try:
            quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
            graph = onnx.load(str(ready)).graph
            quantization.quantize_static(
                str(ready),
                str(target),
                Reader(graph.input[0].name),
                quant_format=quantization.QuantFormat.QDQ,
                op_types_to_quantize=list(INTEGER_LAYERS),
                nodes_to_exclude=_delicate(graph),
                per_channel=True,
                reduce_range=True,
                activation_type=quantization.QuantType.QUInt8,
                weight_type=quantization.QuantType.QInt8,
            )
        except ModelUnavailable:
            raise
        except Exception as error:  # the library raises a dozen types that share only this
            raise ModelUnavailable(f"{source}: cannot be made an 8-bit engine ({error})") from error


def _delicate(graph: Any) -> list[str]:
    """Names of the layers in the first and the last module, by the names that Ultralytics' exports give them.

    Raises:
        ModelUnavailable: if they have no such names.
    """
    modules = {node.name: re.match(r"/model\.(\d+)/", node.name) for node in graph.node}
    numbers = {int(found.group(1)) for found in modules.values() if found}
    if len(numbers) < 3:
        raise ModelUnavailable("the layers of this network do not tell its head: only YOLOv8 and YOLO11 are supported")
    ends = (min(numbers), max(numbers))
    return [name for name, found in modules.items() if found is None or int(found.group(1)) in ends]
