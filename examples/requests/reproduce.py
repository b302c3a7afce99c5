"""Exit 0 if a header that is None on the session is left out of its requests."""

import collections
import collections.abc
import sys

# this release predates Python 3.10, which dropped these names
for name in ("Callable", "Mapping", "MutableMapping"):
    setattr(collections, name, getattr(collections.abc, name))

import requests  # noqa: E402

session = requests.Session()
session.headers["Accept-Encoding"] = None
session.headers["X-Kept"] = "kept"

plain = session.prepare_request(requests.Request("GET", "http://example.org/")).headers
with_own = session.prepare_request(
    requests.Request("GET", "http://example.org/", headers={"X-Own": "own", "User-Agent": None})
).headers
overridden = session.prepare_request(
    requests.Request("GET", "http://example.org/", headers={"Accept-Encoding": "gzip"})
).headers

problems = []
for label, headers in (("plain", plain), ("with own headers", with_own)):
    if "Accept-Encoding" in headers:
        problems.append(f"{label}: Accept-Encoding is sent as {headers['Accept-Encoding']!r}")
    if headers.get("X-Kept") != "kept":
        problems.append(f"{label}: X-Kept is lost")
if with_own.get("X-Own") != "own" or "User-Agent" in with_own:
    problems.append("with own headers: the request's own headers are wrong")
if overridden.get("Accept-Encoding") != "gzip":
    problems.append("overridden: the request's own Accept-Encoding is lost")
print("\n".join(problems) or "ok: headers set to None are left out")
sys.exit(1 if problems else 0)
