"""The review of the feedback log: pages on loopback, from the file that the server writes."""
