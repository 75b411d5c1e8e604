"""Markdown that is cut where a place holds no more, between its lines and with its tags closed."""

SUMMARY_BYTES = 2**20
"""What GitHub takes as the summary of a step; of more it shows nothing."""

CUT = "\n\nThe rest is left out, for there is no room; the JSON document has all of it.\n"

_OPEN, _CLOSED = "<details>", "</details>\n"


def shortened(text: str, most: int) -> str:
    """The text, or its first lines and a remark, in at most so many bytes of UTF-8; "" where not
    even the remark has room.
    """
    if len(text.encode()) <= most:
        return text
    room = most - len((CUT + _CLOSED).encode())
    if room < 0:
        return ""
    kept = text.encode()[:room].decode(errors="ignore").rpartition("\n")[0]
    closed = _CLOSED if kept.count(_OPEN) > kept.count(_CLOSED.strip()) else ""
    return f"{kept}{CUT}{closed}"
