"""Control maps: which outside control moves which address, and how."""
