"""The web: pages made on the server, for people in a browser."""
