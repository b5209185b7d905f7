"""A weblog on MongoDB documents, served light: the example that uses all of Slimstack."""
