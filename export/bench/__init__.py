"""`latentone bench`: every runtime on the same weights, latents and noise, on one core of this machine unless told otherwise."""
