"""From tracks to lane states per second."""
