"""Rules, each a small state machine over a track, the lamps and time."""
