"""One shot's denoising over several devices of one machine, a process for each."""
