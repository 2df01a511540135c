"""Which channels of an EXR file belong to which view, as in stereo.

::

    one part with multiView = left, right    R G B A               left, the default view
                                             right.R right.G ...   right
                                             depth.right.Z         a layer of right
                                             id.X                  no view's: every view has it
    several parts, each with view = ...      R G B A in each

Source: "Storing Multi-View Images in OpenEXR Files", Academy Software Foundation.
"""

from __future__ import annotations

from bridge.errors import RequestError
from void_server.images.exr_layout import Header, PartHeader
from void_server.images.picture import rgb_layers


def views_of(header: Header) -> tuple[str, ...]:
    """The views a file holds, in its order; () when it says nothing of views."""
    found = [view for part in header.parts for view in (part.text("view"), *part.views) if view]
    return tuple(dict.fromkeys(found))


def main_part(header: Header, view: str = "") -> int:
    """Index of the part that holds the picture of a view: the first with RGB, else the first.

    Args:
        header: The file's header.
        view: One of `views_of`; "" looks at every part.
    """
    parts = [
        index
        for index, part in enumerate(header.parts)
        if not view or view == part.text("view") or view in part.views
    ]
    with_rgb = (i for i in parts if rgb_layers(tuple(view_names(header.parts[i], view))))
    return next(with_rgb, parts[0])


def view_names(part: PartHeader, view: str) -> dict[str, str]:
    """The channels of a view: the name in the file by the one it has where there is but one view.

    Args:
        part: The part that holds the view.
        view: The view; "" means all channels under their own names.
    """
    if not view or view not in part.views:
        return {name: name for name in part.channels}
    own, shared = {}, {}
    for name in part.channels:
        stem, _, component = name.rpartition(".")
        layer, _, owner = stem.rpartition(".")
        if owner == view:
            own[f"{layer}.{component}" if layer else component] = name
        elif owner not in part.views and (stem or view == part.views[0]):
            shared[name] = name
    return shared | own


def check_view(header: Header, view: str, subject: str) -> None:
    """Refuse a view that the file does not hold.

    Raises:
        RequestError: Naming those that it holds.
    """
    views = views_of(header)
    if view and view not in views:
        raise no_view(view, subject, views)


def no_view(view: str, subject: str, views: tuple[str, ...]) -> RequestError:
    """The error for a view that is not there."""
    there = f"expected one of {', '.join(views)}" if views else "it holds no views"
    return RequestError(
        subject,
        f"there is no view {view!r} in it ({there})",
        "Pass one of them with --view." if views else "Leave --view out.",
        code="view",
    )
