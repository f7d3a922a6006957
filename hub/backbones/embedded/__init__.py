"""Weights as a folder that timm loads (local-dir:); see README.md."""
