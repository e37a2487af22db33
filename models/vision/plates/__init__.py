"""The grammar of number plates and what a recogniser's output says under it."""
