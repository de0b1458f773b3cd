"""Used by every folder: argument checks, numeric limits, progress bars, the build configuration."""
