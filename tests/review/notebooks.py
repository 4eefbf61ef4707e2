"""Notebooks that go wrong."""

import json
from pathlib import Path


def notebook(path: Path, *cells: str) -> Path:
    """Write a notebook of these cells, with a parameters cell before them."""
    sources = [("db = week = now = None", ["parameters"]), *((cell, list[str]()) for cell in cells)]
    content = {
        "cells": [
            {
                "cell_type": "code", "id": f"cell-{n}", "metadata": {"tags": tags}, "source": source, "outputs": [],
                "execution_count": None,
            }
            for n, (source, tags) in enumerate(sources)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }  # fmt: skip
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
