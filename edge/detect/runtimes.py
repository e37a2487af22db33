"""What runs a network on this box: ONNX Runtime's providers and OpenVINO, tried in an order that is kept on record."""

from __future__ import annotations

import enum
import importlib.util
import logging
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nutgiao.edge.quiet_onnx import load_onnxruntime
from nutgiao.models.contracts.errors import ModelUnavailable

log = logging.getLogger(__name__)

Blob = NDArray[np.float32]


class Device(enum.StrEnum):
    """Who computes."""

    AUTO = "auto"
    TENSORRT = "tensorrt"
    CUDA = "cuda"
    OPENVINO = "openvino"
    CPU = "cpu"


ORDER = (Device.TENSORRT, Device.CUDA, Device.OPENVINO, Device.CPU)
"""What `Device.AUTO` tries. OpenVINO is an extra: on one x86 machine a thread of it took half the time of ONNX
Runtime (50 ms against 96), on another the same. `nutgiao models bench` tells of this one."""

_PROVIDERS = {
    Device.TENSORRT: "TensorrtExecutionProvider",
    Device.CUDA: "CUDAExecutionProvider",
    Device.CPU: "CPUExecutionProvider",
}


class Runtime(Protocol):
    """A loaded network.

    Attributes:
        device: who computes.
        name: the same in the words of the library, for the record.
        input_shape: batch, channels, rows, columns; None where any number will do.
        output_shape: of the first output.
        fallbacks: devices that were tried before and did not start, with their reasons.
        gains_by_batch: one call with several pictures is faster than several calls: true of an accelerator. On a
            processor it is not (640x384, one thread, ONNX Runtime: 161 ms for two at once, 80 ms for one).
    """

    device: Device
    name: str
    input_shape: tuple[int | None, ...]
    output_shape: tuple[int | None, ...]
    fallbacks: tuple[str, ...]
    gains_by_batch: bool

    def run(self, blob: Blob) -> Blob:
        """The first output for one batch; it is overwritten by the next call."""
        ...


class OnnxRuntime:
    """ONNX Runtime with one provider, which has to start: it never falls back silently.

    Args:
        path: the ONNX file.
        device: any but OpenVINO.
        threads: of one call on the CPU; 0 leaves it to the library.

    Raises:
        RuntimeError: if the provider does not start; the library's own errors if the file cannot be read.
    """

    def __init__(self, path: Path, device: Device, threads: int) -> None:
        onnxruntime = load_onnxruntime()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        wanted = _PROVIDERS[device]
        # The CPU takes the few operations that an accelerator lacks.
        providers = [wanted] if device is Device.CPU else [wanted, _PROVIDERS[Device.CPU]]
        self._session = onnxruntime.InferenceSession(str(path), options, providers=providers)
        self.name = str(self._session.get_providers()[0])
        if self.name != wanted:
            raise RuntimeError(f"{wanted} did not start, {self.name} came instead")
        self.device = device
        self.fallbacks: tuple[str, ...] = ()
        first, output = self._session.get_inputs()[0], self._session.get_outputs()[0]
        self._input, self._output = first.name, output.name
        self.input_shape = _sizes(first.shape)
        self.gains_by_batch = device is not Device.CPU and self.input_shape[0] is None
        self.output_shape = _sizes(output.shape)

    def run(self, blob: Blob) -> Blob:
        """See `Runtime.run`."""
        return np.asarray(self._session.run([self._output], {self._input: blob})[0], np.float32)


class OpenVino:
    """OpenVINO on the CPU.

    Args:
        path: the ONNX file.
        threads: of one call; 0 leaves it to the library.
    """

    device = Device.OPENVINO
    gains_by_batch = False

    def __init__(self, path: Path, threads: int) -> None:
        import openvino
        from openvino.frontend import FrontEndManager

        # Left to guess the format, it tries every one that it knows, aloud.
        frontend = FrontEndManager().load_by_framework("onnx")
        model = frontend.convert(frontend.load(str(path)))
        self.input_shape = _sizes([_known(axis) for axis in model.input(0).partial_shape])
        self.output_shape = _sizes([_known(axis) for axis in model.output(0).partial_shape])
        # Answers in full precision where the processor would round to bfloat16 by itself.
        # Several one-thread networks stand side by side: pinned, all of them would sit on the first core.
        settings: dict[str, Any] = {
            "NUM_STREAMS": 1,
            "ENABLE_CPU_PINNING": False,
            "INFERENCE_PRECISION_HINT": "f32",
        }
        if threads:
            settings["INFERENCE_NUM_THREADS"] = threads
        self._model, self._settings, self._core = model, settings, openvino.Core()
        self._requests: dict[int, Any] = {}
        self.name = f"OpenVINO {openvino.__version__.split('-')[0]} CPU"
        self.fallbacks: tuple[str, ...] = ()
        # The first call fills tables of the library. Two threads that make it at once lock each other out for ever
        # (2026.4: one holds the table and waits for Python, the other the reverse): who opens the network makes it.
        tensor = self._request(self.input_shape[0] or 1).get_input_tensor(0)
        self.run(np.zeros(tuple(tensor.shape), np.float32))

    def _request(self, batch: int) -> Any:
        """A compiled network for that batch: fixed shapes are faster than free ones."""
        if batch not in self._requests:
            if self.input_shape[0] is None:
                self._model.reshape([batch, *self._model.input(0).partial_shape[1:]])
            self._requests[batch] = self._core.compile_model(self._model, "CPU", self._settings).create_infer_request()
        return self._requests[batch]

    def run(self, blob: Blob) -> Blob:
        """See `Runtime.run`."""
        answer = self._request(len(blob)).infer({0: blob}, share_inputs=True, share_outputs=True)
        return np.asarray(answer[0], np.float32)


def open_runtime(path: Path, device: Device = Device.AUTO, threads: int = 0) -> Runtime:
    """Loads a network on the first device that starts.

    Args:
        path: the ONNX file.
        device: one device, which must start; `Device.AUTO` tries all in `ORDER`.
        threads: threads of one call on the CPU; 0 leaves it to the library.

    Raises:
        ModelUnavailable: if the file cannot be loaded or the device that was asked for does not start.
    """
    wanted = available() if device is Device.AUTO else (device,)
    failures: list[str] = []
    for one in wanted:
        try:
            runtime: Runtime = OpenVino(path, threads) if one is Device.OPENVINO else OnnxRuntime(path, one, threads)
        except Exception as error:  # noqa: BLE001  # each library raises a dozen types that share only this
            failures.append(f"{one}: {(str(error).strip() or type(error).__name__).splitlines()[0][:200]}")
            continue
        if failures:
            log.warning("%s runs on %s because others did not start: %s", path.name, runtime.name, "; ".join(failures))
        runtime.fallbacks = tuple(failures)
        return runtime
    missing = "" if device is Device.AUTO or device in available() else f" ({device} is not installed on this machine)"
    raise ModelUnavailable(
        f"{path}: cannot load this file{missing} ({'; '.join(failures)}). "
        "Is it a detector in ONNX form? 'nutgiao models list' shows the weights that are known to work."
    )


def available() -> tuple[Device, ...]:
    """Devices whose libraries are installed here, best first."""
    built = load_onnxruntime().get_available_providers()
    return tuple(
        device
        for device in ORDER
        if (
            importlib.util.find_spec("openvino") is not None
            if device is Device.OPENVINO
            else _PROVIDERS[device] in built
        )
    )


def _sizes(shape: list[Any]) -> tuple[int | None, ...]:
    return tuple(axis if isinstance(axis, int) else None for axis in shape)


def _known(axis: Any) -> int | None:
    return axis.get_length() if axis.is_static else None
