"""Tables as applications have them, each with its rows and what must become of them."""

import pytest

# What they assert is shown as in a test.
pytest.register_assert_rewrite("tests.schemas.judge")
