"""The command line's side of the safe."""
