"""Array code around a neural network: boxes, geometry, assignment, model cards."""
