"""The little of Nuke's own Python package that a panel needs."""

from nukescripts import panels
from nukescripts.panels import registerWidgetAsPanel

__all__ = ["panels", "registerWidgetAsPanel"]
