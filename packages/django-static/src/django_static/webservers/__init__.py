"""Configurations for web servers that send published files; plain values in, text out."""
