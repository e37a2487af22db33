"""Where frames come from: files, folders of pictures, streams, USB cameras and the simulated street."""
