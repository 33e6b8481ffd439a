from __future__ import annotations

from .conftest import before


def test_drawing_by_lot_is_said() -> None:
    (raised,) = before("decoding-samples", decoding={"do_sample": True, "temperature": 0.7})
    assert raised.id == "decoding-samples"
    assert "drawn by lot at temperature 0.7" in raised.message
    assert before("decoding-samples", decoding={"do_sample": False, "temperature": 0.7}) == []
