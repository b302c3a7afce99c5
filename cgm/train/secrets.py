"""Keys, tokens and passwords in text.

Knows the forms that providers give their keys, and that a long random value under a telling name is one too. Does not
know whether any of them is still valid. Sources: the providers' own descriptions of their formats.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator

_FORMS = {
    # with its body: to the end, or as far as it looks like one where the end is cut off
    "private key": (
        r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----"
        r"(?:[\s\S]{0,16000}?-----END (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----|(?:[\s\"'\\]*[A-Za-z0-9+/=]{16,})*)"
    ),
    "AWS access key": r"\b(?:AKIA|ASIA|AGPA|AROA|AIDA)[A-Z0-9]{16}\b",
    "GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})\b",
    "GitLab token": r"\bglpat-[A-Za-z0-9_-]{20,}\b",
    "Slack token": r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    "Slack webhook": r"hooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{20,}",
    "Google API key": r"\bAIza[A-Za-z0-9_-]{35}\b",
    "Stripe key": r"\b[rs]k_live_[A-Za-z0-9]{16,}\b",
    "OpenAI or Anthropic key": r"\bsk-(?=[\w-]*[A-Z])(?=[\w-]*\d)[A-Za-z0-9_-]{20,}\b",
    "Hugging Face token": r"\bhf_[A-Za-z0-9]{30,}\b",
    "PyPI token": r"\bpypi-AgE[A-Za-z0-9_-]{50,}",
    "npm token": r"\bnpm_[A-Za-z0-9]{36}\b",
    "SendGrid key": r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b",
    "JSON web token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    "password in a URL": r"\b[a-z][a-z0-9+.-]*://[^\s/:@'\"{}<>%$]+:(?!pass|secret|pw)[^\s/:@'\"{}<>%$]{6,}@[\w.-]+",
}
_KNOWN = re.compile("|".join(f"(?P<k{at}>{form})" for at, form in enumerate(_FORMS.values())))
_NAMES = tuple(_FORMS)
_ASSIGNED = re.compile(
    r"(?:secret|token|passwd|password|api_?key|access_?key|private_?key|auth_?key|credential)\w*['\"]?\s*"
    r"(?:[:=]|=>|,)\s*[rbu]?['\"](?P<value>[A-Za-z0-9+/=_.~-]{16,})['\"]",
    re.IGNORECASE,
)
_PLAIN = re.compile(
    r"[a-z]+([-_. ][a-z]+)*|[A-Z_]+|(.)\2+|.*(example|dummy|fake|test|sample|placeholder|changeme|xxxx|1234|your|abcd)",
    re.IGNORECASE,
)
_LEAST_ENTROPY = 3.2  # bits a character: words and paths lie below, 16 random hex digits at about 3.3
REDACTED = "<secret>"


def entropy(text: str) -> float:
    """Shannon's entropy of a text's characters, in bits a character."""
    counts = Counter(text).values()
    return -math.fsum(count / len(text) * math.log2(count / len(text)) for count in counts)


def find_secrets(text: str) -> list[str]:
    """What kinds of secrets stand in a text, in its order."""
    return [kind for kind, _, _ in sorted(_found(text), key=lambda row: row[1])]


def redact(text: str) -> tuple[str, int]:
    """The text with every secret replaced, and how many there were."""
    spans = sorted((start, end) for _, start, end in _found(text))
    parts, at, count = [], 0, 0
    for start, end in spans:
        if start >= at:
            parts += [text[at:start], REDACTED]
            at, count = end, count + 1
    return "".join([*parts, text[at:]]), count


def _found(text: str) -> Iterator[tuple[str, int, int]]:
    for match in _KNOWN.finditer(text):
        assert match.lastgroup is not None  # every form is a group
        yield _NAMES[int(match.lastgroup[1:])], match.start(), match.end()
    for match in _ASSIGNED.finditer(text):
        value = match["value"]
        if (
            entropy(value) >= _LEAST_ENTROPY
            and any(map(str.isdigit, value))
            and not _PLAIN.fullmatch(value)
            and not _PLAIN.match(value)
        ):
            yield "random value under a telling name", match.start("value"), match.end("value")
