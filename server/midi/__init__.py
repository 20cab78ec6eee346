"""MIDI: ports, and what their messages mean to the instrument."""
