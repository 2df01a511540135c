"""The node VoidRemove on a farm: ``nuke -t <here>/farm.py SCRIPT NODE [RANGE]``."""

import os
import sys

try:
    if sys.version_info < (3, 10):  # noqa: UP036 - a shared folder serves old Nukes too
        raise ImportError("it needs Nuke 15 or newer (Python 3.10)")
    _void_library = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib")  # noqa: PTH100, PTH118, PTH120
    if _void_library not in sys.path:
        sys.path.append(_void_library)  # init.py has not run if this folder is not on NUKE_PATH
    from host_plugins.install import vendored as _void_vendored

    _void_vendored.provide()
    from host_plugins.nuke_panel import farm as _void_farm
except Exception as error:
    sys.exit("VOID Bridge cannot run: " + " ".join(str(error).split()))  # exit code 1

sys.exit(_void_farm.main(sys.argv[1:]))
