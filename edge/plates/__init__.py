"""Finds number plates in pictures of vehicles and reads them, or says why not."""
