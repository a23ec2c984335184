"""What is wired up: areas, the pathways between them, their order, and what each learns for."""
