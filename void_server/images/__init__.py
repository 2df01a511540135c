"""Reading and writing pictures: windows, EXR, stills, movies."""
