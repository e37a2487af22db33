"""From boxes to road users with an identity, in metres."""
