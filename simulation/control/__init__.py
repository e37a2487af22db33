"""Lights of any SUMO network under a controller that decides every second."""
