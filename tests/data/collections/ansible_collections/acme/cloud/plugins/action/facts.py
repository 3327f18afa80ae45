"""An action written for tests; it does nothing."""
