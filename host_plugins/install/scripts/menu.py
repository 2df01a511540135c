"""Run by Nuke when its GUI starts: our menus. Whatever is wrong, Nuke starts and a line tells.

Kept to what every Python of Nuke can read, so that an old one tells as well. Names begin with
``_void`` since Nuke runs such files side by side in one namespace.
"""

import os
import sys

try:
    if sys.version_info < (3, 10):  # noqa: UP036 - a shared folder serves old Nukes too
        raise ImportError("it needs Nuke 15 or newer (Python 3.10)")
    _void_library = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib")  # noqa: PTH100, PTH118, PTH120
    if _void_library not in sys.path:
        sys.path.append(_void_library)  # init.py has not run if a menu.py has added this folder
    from host_plugins.install import vendored as _void_vendored

    _void_vendored.provide()
    from host_plugins.nuke_panel import menu as _void_menu

    _void_menu.install()
except Exception as error:
    # A console that cannot show a letter of a path would raise, and that must not happen here.
    _void_told = " ".join(str(error).split()).encode("ascii", "backslashreplace").decode("ascii")
    print("VOID Bridge is off: " + _void_told)  # noqa: T201 - prints nothing where there is no console
