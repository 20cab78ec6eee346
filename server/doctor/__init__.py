"""`latentone doctor`: what works here, how late the sound is, and what to change."""
