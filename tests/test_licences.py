"""What is said of a licence, and what may stay. The locks themselves are looked through by `make lint`."""

from email.message import Message

import pytest

from tests.licences import Package, licence, problems


def metadata(**said):
    """As a package's METADATA file."""
    message = Message()
    for name, values in said.items():
        for value in values if isinstance(values, list) else [values]:
            message[name.replace("_", "-")] = value
    return message


MIT = "License :: OSI Approved :: MIT License"
APACHE = "License :: OSI Approved :: Apache Software License"
GPL = "License :: OSI Approved :: GNU General Public License v3 (GPLv3)"


@pytest.mark.parametrize(
    ("case", "said", "read"),
    [
        ("an expression counts before all else", metadata(License_Expression="ISC", Classifier=[MIT]), "ISC"),
        ("a classifier", metadata(Classifier=["Topic :: Office", MIT], License="see file"), "MIT"),
        ("two classifiers are a choice", metadata(Classifier=[MIT, APACHE]), "Apache-2.0 OR MIT"),
        (
            "one that nobody has translated stays",
            metadata(Classifier=[GPL]),
            "GNU General Public License v3 (GPLv3)",
        ),
        ("a text that is an expression", metadata(License="MPL-2.0 AND MIT"), "MPL-2.0 AND MIT"),
        ("any other text says nothing", metadata(License="Copyright (c) 2001 us"), ""),
        ("nothing at all", metadata(), ""),
    ],
)
def test_is_read(case, said, read):
    assert licence(said) == read, case


@pytest.mark.parametrize(
    ("case", "licence", "stays"),
    [
        ("allowed", "MIT", True),
        ("both hold", "MIT AND Zlib", True),
        ("one of both is not allowed", "MIT AND GPL-3.0-only", False),
        ("a choice", "GPL-3.0-only OR MIT", True),
        ("not allowed", "GPL-3.0-only", False),
        ("another package's exception", "LGPL-3.0-only", False),
        ("nothing said", "", False),
        ("an expression that is not understood", "(MIT)", False),
    ],
)
def test_stays_or_not(case, licence, stays):
    assert (problems([Package("x", "delivered", licence)]) == []) is stays, case


def test_an_exception_is_for_its_package():
    assert problems([Package("psycopg", "delivered", "LGPL-3.0-only")]) == []
    assert problems([Package("psycopg", "delivered", "GPL-3.0-only")]) == [
        "psycopg (delivered): GPL-3.0-only"
    ]
