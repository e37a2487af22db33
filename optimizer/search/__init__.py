"""Searches cycle, splits and offsets of any network of fixed-time lights on the queue kernel."""
