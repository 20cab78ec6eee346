"""Live sound that plays knobs: it is encoded on a thread of its own, and what the encoder hears moves the latents."""
