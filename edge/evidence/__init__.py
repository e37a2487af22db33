"""Sealed bundles that show what happened."""
