"""The safe."""
