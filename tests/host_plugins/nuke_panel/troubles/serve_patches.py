"""`void-server` with workers whose patches a Read shows."""

import sys
from pathlib import Path

from void_server.__main__ import main

if __name__ == "__main__":
    command = (sys.executable, str(Path(__file__).with_name("patch_worker.py")))
    sys.exit(main(worker_command=command))
