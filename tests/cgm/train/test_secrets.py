import pytest

from cgm.train.secrets import REDACTED, entropy, find_secrets, redact

# put together here, so that no scanner takes this file for a leak
SECRETS = {
    "AWS access key": "AKIA" + "IOSFODNN7EXAMPL2",
    "GitHub token": "ghp_" + "a1B2c3D4e5" * 4,
    "Slack token": "xoxb-" + "1234567890-abcdefghij",
    "Google API key": "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
    "Stripe key": "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "Hugging Face token": "hf_" + "abcdefghijklmnopqrstuvwxyzABCDEFGH",
    "private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "JSON web token": "eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0." + "dozjgNryP4J3jVmNHl0w5N",
    "password in a URL": "postgres://admin:" + "hunter2hunter2@db.internal/x",
    "random value under a telling name": 'API_KEY = "' + "9f86d081884c7d659a2feaa0c55ad015" + '"',
}


@pytest.mark.parametrize("kind", SECRETS)
def test_each_kind_is_found_and_replaced(kind: str) -> None:
    text = f"before {SECRETS[kind]} after"
    assert find_secrets(text) == [kind]
    clean, count = redact(text)
    assert count == 1
    assert REDACTED in clean
    assert clean.startswith("before ")
    assert clean.endswith(" after")
    assert not find_secrets(clean)


@pytest.mark.parametrize(
    "text",
    [
        'password = "correct-horse-battery"',
        'token = "your-token-goes-here"',
        'secret = os.environ["SECRET_KEY_OF_THE_APP"]',
        'API_KEY = "xxxxxxxxxxxxxxxxxxxxxxxx"',
        "sha256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'",
        "https://user:password@example.org/",
        "def authenticate(self, token: str) -> None:",
        "skip_this_test-because_it_is_a_long_name",
        'data.startswith(b"sk-ecdsa-sha2-nistp256-cert-v01")',
    ],
)
def test_what_looks_a_little_like_one_is_left_alone(text: str) -> None:
    assert redact(text) == (text, 0)


BODY = "\n".join(["MIIB9jCCAV+gAwIBAgIBATANBgkqhkiG9w0BAQUFADBPMQswCQYDVQQGEwJVUzEL"] * 3)


@pytest.mark.parametrize("end", ["\n-----END RSA PRIVATE " + "KEY-----", ""])
def test_a_private_key_goes_with_its_body_even_where_its_end_is_cut_off(end: str) -> None:
    text, count = redact(f"KEY = [{SECRETS['private key']}\n{BODY}{end}]\n\n\ndef load(): ...\n")
    assert (text, count) == ("KEY = [<secret>]\n\n\ndef load(): ...\n", 1)


def test_several_are_counted() -> None:
    text = "\n".join((SECRETS["GitHub token"], SECRETS["AWS access key"], SECRETS["GitHub token"]))
    assert redact(text) == ("\n".join([REDACTED] * 3), 3)


def test_entropy_is_in_bits_a_character() -> None:
    assert entropy("aaaa") == 0
    assert entropy("abcd") == pytest.approx(2)
