"""The `cleanplate` engine: real pixels from other frames, on any CPU."""

from void_server.engines.cleanplate.clean_plate import CleanPlate

__all__ = ["CleanPlate"]
