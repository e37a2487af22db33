"""SUMO lives here and nowhere else."""
