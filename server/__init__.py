"""The live instrument: controllers, mapping, trajectory, engine and audio sinks."""
