"""Queues as the street makes them: kernels and traffic theory."""
