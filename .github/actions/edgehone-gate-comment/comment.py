"""Writes a Markdown file as one comment on a pull request, in place of the one before.

The gate itself does not need it: where the token may not write, as on pull requests from forks,
this says so and succeeds. Only the standard library is used.
"""

import json
import os
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

MOST = 65_000
"""Characters of a comment; GitHub takes 65,536."""

CUT = "\n\nThe rest is left out, for a comment takes no more; the job summary has all of it.\n"

PAGES = 20
"""Pages of a hundred comments that are looked through."""

FORBIDDEN = (401, 403, 404)
"""What GitHub answers to a token that may not write, or not see."""


def main() -> int:
    """Write the comment that the environment describes; 0 also where that is not allowed."""
    event = _event()
    number = (event.get("pull_request") or {}).get("number") or event.get("number")
    if not isinstance(number, int):
        print("edgehone gate comment: this is no pull request, so there is nothing to comment on.")
        return 0
    key = re.sub(r"[^A-Za-z0-9_.-]", "-", os.environ.get("COMMENT_KEY") or "gate")[:100]
    mark = f"<!-- edgehone-gate:{key} -->"
    body = _short(f"{mark}\n{Path(os.environ['COMMENT_MARKDOWN']).read_text(encoding='utf-8')}")
    issue = f"/repos/{os.environ['GITHUB_REPOSITORY']}/issues"
    try:
        found = _found(f"{issue}/{number}/comments", mark)
        if found is None:
            _call("POST", f"{issue}/{number}/comments", {"body": body})
        else:
            _call("PATCH", f"{issue}/comments/{found}", {"body": body})
    except urllib.error.HTTPError as error:
        if error.code not in FORBIDDEN:
            raise
        print(
            f"edgehone gate comment: GitHub answers {error.code}: the token may not comment here, "
            "as on pull requests from forks. The job summary has the same text."
        )
    return 0


def _short(text: str) -> str:
    """The text, or its first lines where it is longer than a comment may be."""
    if len(text) <= MOST:
        return text
    kept = text[: MOST - len(CUT)].rpartition("\n")[0]
    return kept + CUT + ("</details>" if kept.count("<details>") > kept.count("</details>") else "")


def _event() -> dict[str, Any]:
    path = os.environ.get("GITHUB_EVENT_PATH")
    return dict(json.loads(Path(path).read_text(encoding="utf-8"))) if path else {}


def _found(path: str, mark: str) -> int | None:
    """The id of the comment that begins with the mark."""
    for page in range(1, PAGES + 1):
        comments = _call("GET", f"{path}?per_page=100&page={page}")
        for each in comments:
            if str(each.get("body") or "").startswith(mark):
                return int(each["id"])
        if not comments:
            return None
    return None


def _call(method: str, path: str, value: Any = None) -> Any:
    url = os.environ.get("GITHUB_API_URL", "https://api.github.com") + path
    if not url.startswith(("https://", "http://127.0.0.1:")):
        raise ValueError(f"GITHUB_API_URL is not an https address: {url}")
    headers = {
        "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
        "Accept": "application/vnd.github+json",
        "Content-Type": "application/json",
    }
    content = None if value is None else json.dumps(value).encode()
    request = urllib.request.Request(url, content, headers, method=method)  # noqa: S310 - see above
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.loads(answer.read() or b"null")


if __name__ == "__main__":
    sys.exit(main())
