"""The engineer's desk beside the road: from a still and what was measured to a calibrated camera in the site file."""
