"""One module a coding agent: what its payloads mean."""
