"""The shared floor of R4 (artifacts, graph, text, services) and the Code Graph Model."""
