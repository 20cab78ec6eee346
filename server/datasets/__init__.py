"""Data sets as something to be heard: rows of tables and clips of movement, read, named and encoded."""
