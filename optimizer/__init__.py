"""Decides timings: cycle, splits and offsets."""
