"""The SQL that Polaris ships."""
