"""What a model is asked to do with a text that stands there already."""
