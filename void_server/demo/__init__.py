"""A shot of our own: a synthetic set with a known truth, for `void demo` and the benchmarks."""
