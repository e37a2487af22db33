"""Site files: schema, loader, shipped sites."""
