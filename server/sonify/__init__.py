"""Data sets as sound: rows and clips rendered by the offline engine, many at a time, and what can be heard of their classes."""
