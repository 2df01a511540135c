"""What the fake's nodes look like: a graph becomes pictures, a Write becomes EXR files."""
