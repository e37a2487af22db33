"""Sites shipped with nutgiao."""
