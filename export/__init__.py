"""Trained to playable: manifest, ONNX graphs, runtimes that turn an artefact into a Decoder."""
