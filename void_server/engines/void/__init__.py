"""The engine ``void``: Netflix's two-pass diffusion model, quadmask in, clean plate out."""

import os

# Read by torch when it first takes device memory. Frames at full size come and go in many sizes;
# in segments of fixed size the gaps between them add up to gigabytes.
os.environ.setdefault("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True")
