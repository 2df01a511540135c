"""Engine ``standin``: everything but the model, to see what the chain around it does."""
