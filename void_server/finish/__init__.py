"""From what a model returned to pixels that belong into the plate: pure functions on arrays.

Everything here is in the model's numbers ("code", 0 to 1) unless it says otherwise, knows nothing
of models, files or jobs, and gives the same result whatever frames are asked for.
"""

import numpy as np
import numpy.typing as npt

Code = npt.NDArray[np.float32]
"""(H, W, 3) float32 in model space, 0 to 1."""

Mask = npt.NDArray[np.bool_]
"""(H, W) bool."""
