"""What the world is like, without touching it: contracts, queues and vision as pure code, no I/O."""
