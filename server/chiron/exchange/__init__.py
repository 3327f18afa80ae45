"""What leaves the log as training data, and what comes into it from other people's logs."""
