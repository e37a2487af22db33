"""Streets of our own, built from plain files."""
