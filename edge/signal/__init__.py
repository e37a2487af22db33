"""The controller, the guard in front of it and the ladder of fallbacks."""
