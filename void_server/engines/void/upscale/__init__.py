"""Super-resolution by Swin2SR: what a model draws, with finer edges. Optional, like its weights."""
