"""Answers of the API as JSON."""

from __future__ import annotations

import msgspec
from fastapi.responses import Response


def json_answer(body: object, status: int = 200) -> Response:
    """An answer; encoded by msgspec, which knows our own types."""
    return Response(msgspec.json.encode(body), status_code=status, media_type="application/json")
