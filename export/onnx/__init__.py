"""Trained networks as ONNX files that plain ONNX Runtime runs: no custom operator, the manifest inside."""
