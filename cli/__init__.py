"""The nutgiao command: one module per subcommand, extras imported only when used."""
