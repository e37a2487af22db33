"""Lane-level queues of a whole network, thousands of simulated hours a minute."""
