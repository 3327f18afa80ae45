"""A model as judge on the verdicts that people give, believed only as far as it agrees with them."""
