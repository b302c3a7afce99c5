from collections.abc import Callable

Calls = Callable[..., dict[str, float]]

REGISTER = """
class Library:
    def filter(self, name=None, function=None):
        if name is None:
            def dec(given):
                return self.filter(name, given)
            return dec
        return function
register = Library()
@register.filter()
def one(): ...
@register.filter()
def two(): ...
"""


def test_what_is_registered_is_called_as_what_it_was(calls: Calls) -> None:
    assert calls(f"{REGISTER}def go():\n    one()\n") == {"one": 1.0}


def test_a_call_that_registers_does_not_call_what_others_registered(calls: Calls) -> None:
    assert not {"one", "two"} & set(calls(REGISTER, ""))


def test_a_function_that_gives_back_its_argument_gives_that_of_the_call(calls: Calls) -> None:
    source = "def same(f):\n    return f\ndef one(): ...\ndef two(): ...\nsame(two)\ndef go():\n    same(one)()\n"
    assert calls(source) == {"same": 1.0, "one": 1.0}
