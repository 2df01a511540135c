"""The same functions as diffusers' modules, arranged for a GPU: fewer passes over memory."""
