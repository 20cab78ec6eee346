"""How everything of the fused kernel is compiled: without the GIL, once for a CPU, sums in any order that is fast."""

COMPILE = {"nogil": True, "cache": True, "fastmath": {"nnan", "nsz", "contract", "reassoc"}, "error_model": "numpy"}
