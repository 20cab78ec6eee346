"""WaveNet autoencoder with a VAE bottleneck (Chorowski et al. 2019, arXiv 1901.08810), causal and in sub-bands."""
