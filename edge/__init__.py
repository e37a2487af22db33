"""One process per roadside box: cameras to lane states, violations and evidence; it has the last word on every plan."""
