"""The skills that Polaris ships."""
