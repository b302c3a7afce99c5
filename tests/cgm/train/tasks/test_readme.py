from cgm.train.tasks.readme import opening

MARKDOWN = """\
<h1 align="center">Shop</h1>

[![Build](https://b)](https://c)

# Shop

> A motto

Shop is a library for **small shops** with few things to sell.

Install it using pip:

```shell
pip install shop
```

Or by hand.

It knows:

- carts
- prices

## Usage

More about that.
"""
RST = """\
Shop
====

.. image:: https://b
   :target: https://c

.. start

Shop is a library for ``small shops`` with few things to sell.

Usage
-----

More about that.
"""


def test_the_opening_of_markdown_is_its_first_prose() -> None:
    assert opening(MARKDOWN, 40) == (
        "Shop is a library for **small shops** with few things to sell.\n\nIt knows:\n\n- carts\n- prices"
    )


def test_the_opening_of_restructuredtext_is_its_first_prose() -> None:
    assert opening(RST, 40) == "Shop is a library for ``small shops`` with few things to sell."


def test_a_section_that_says_too_little_is_passed_over() -> None:
    assert (
        opening("# A\n\nshort\n\n# B\n\nThis one is quite a bit longer than that.\n", 20)
        == "This one is quite a bit longer than that."
    )
    assert opening("# A\n\nshort\n", 20) == ""
