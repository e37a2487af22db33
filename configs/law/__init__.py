"""Law as dated data: what plates may look like."""
