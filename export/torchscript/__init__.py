"""Trained networks as TorchScript under the contract of nn~ and nn.ar: one file that those hosts load, the manifest inside."""
