"""From a picture to boxes: weights, their store and the ONNX detector."""
