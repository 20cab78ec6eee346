"""The small models that ship."""
