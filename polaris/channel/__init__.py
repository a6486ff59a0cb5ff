"""``polaris mcp``: the MCP server that a coding agent starts, on stdin and stdout.

It holds nothing of its own: who is meant and what is allowed is the daemon's knowledge, and the daemon is asked anew
for every call. `door` answers the handshake, `server` the rest.
"""
