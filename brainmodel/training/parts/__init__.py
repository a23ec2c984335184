"""One brain on several processes: each has some of its areas, a part."""
