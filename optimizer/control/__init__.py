"""Second by second: which stage shows next."""
