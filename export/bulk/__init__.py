"""A folder of checkpoints to a folder of instruments: headless, resumable, with a report."""
