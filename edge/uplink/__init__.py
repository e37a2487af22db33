"""Messages to the centre: an outbox on disk ahead of MQTT."""
