"""Style: pictures in the manner of others, painted or as photographs."""
