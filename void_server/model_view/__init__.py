"""What a model is shown of a shot, and the way back: colour, region, size. Holds no model."""
