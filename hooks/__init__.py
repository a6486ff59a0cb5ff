"""The hooks that Polaris ships."""
