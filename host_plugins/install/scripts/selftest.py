"""The live kit, run inside Nuke by a person: ``nuke -t <here>/selftest.py``."""

import os
import sys

try:
    if sys.version_info < (3, 10):  # noqa: UP036 - a shared folder serves old Nukes too
        raise ImportError("it needs Nuke 15 or newer (Python 3.10)")
    _void_library = ""
    # Nuke nowhere promises __file__; it may be missing, or be that of a script that ran before.
    for _void_script in (globals().get("__file__"), sys.argv[0] if sys.argv else ""):
        _void_folder = os.path.dirname(os.path.abspath(_void_script or ""))  # noqa: PTH100, PTH120
        if not _void_library and os.path.isdir(os.path.join(_void_folder, "lib", "host_plugins")):  # noqa: PTH112, PTH118
            _void_library = os.path.join(_void_folder, "lib")  # noqa: PTH118
    if not _void_library:
        raise ImportError("there is no folder lib beside it; install it again")
    if _void_library not in sys.path:
        sys.path.append(_void_library)  # init.py has not run if this folder is not on NUKE_PATH
    from host_plugins.install import vendored as _void_vendored

    _void_vendored.provide()
    from host_plugins.nuke_panel import selftest as _void_selftest
except Exception as error:
    sys.exit("VOID Bridge cannot run: " + " ".join(str(error).split()))  # exit code 1

sys.exit(_void_selftest.main(sys.argv[1:]))
