"""Run by Nuke at every start, in terminal sessions too: lets Python find our code, and no more.

It says nothing: whoever needs what is missing, such as menu.py or farm.py, says what is wrong.
Kept to what every Python of Nuke can read.
"""

import os
import sys

try:
    _void_library = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib")  # noqa: PTH100, PTH118, PTH120
    if sys.version_info >= (3, 10):  # noqa: UP036 - a shared folder serves old Nukes too
        if _void_library not in sys.path:
            sys.path.append(_void_library)  # behind everything else: we take nobody's place
        from host_plugins.install import vendored as _void_vendored

        _void_vendored.provide()
except Exception:
    pass  # whatever is broken in here, Nuke starts
