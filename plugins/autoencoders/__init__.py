"""Compress & restore: networks that learn to pass pictures through a narrow place, and what that is good for."""
