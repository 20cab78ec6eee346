"""TorchScript models under the contract of nn~, such as RAVE's exports; the one place of playing that loads torch."""
