"""What models cost, since when, and where prices are going."""
