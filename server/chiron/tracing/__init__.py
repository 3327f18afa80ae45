"""Spans, metrics and scores for a collector of the user's own. Off unless the user's settings turn it on."""
