"""What every engine with a model needs: it is shown a shot in small, its pictures are put back."""
