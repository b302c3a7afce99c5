"""Training a Code Graph Model: settings and material, and what is left of the course."""
