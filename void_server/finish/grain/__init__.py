"""Grain: measured on the plate, put onto what is not real, in the plate's scene-linear light."""

from void_server.finish.grain.measure import frames_to_measure, measured
from void_server.finish.grain.model import Grain

__all__ = ["Grain", "frames_to_measure", "measured"]
