"""Where frames come from: files, streams, USB cameras and the simulated street."""
