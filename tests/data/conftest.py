"""Files that a user would have, made small."""

from typing import Any

import pytest
import torch

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def user_files() -> dict[str, dict[str, Any]]:
    """By config name: arguments that point to files made for the tests."""
    return {}
