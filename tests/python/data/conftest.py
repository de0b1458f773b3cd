from __future__ import annotations

import pytest

from text_readers import READERS, reading


@pytest.fixture(params=READERS)
def reader(request):
    """Runs a test once with each reader of delimited text."""
    with reading(request.param):
        yield request.param
