"""Movement: clips of a skeleton's rotations to latents, frame by frame; only network, data and train need torch."""
