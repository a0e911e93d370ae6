"""Images fetched over HTTP, each once."""
