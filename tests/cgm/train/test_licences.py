from cgm.train.licences import licence_files, name_licence

MIT = (
    "Permission is hereby granted, free of charge, to any person obtaining a copy\n"
    "of this software ..., to deal in the Software without\nrestriction, including"
)
APACHE = "                                 Apache License\n                           Version 2.0, January 2004\n"
BSD = "Redistribution and use in source and binary forms\n must reproduce the above copyright notice"


def test_licence_files_are_those_at_the_root() -> None:
    paths = ["LICENSE.txt", "COPYING", "licence.md", "src/LICENSE", "licensing_notes/a", "README.md", "UNLICENSE"]
    assert licence_files(paths) == ["COPYING", "LICENSE.txt", "UNLICENSE", "licence.md"]


def test_a_licence_is_named_by_its_words_however_they_are_broken() -> None:
    assert name_licence({"LICENSE": MIT}) == "MIT"
    assert name_licence({"LICENSE": APACHE}) == "Apache-2.0"
    assert name_licence({"LICENSE": BSD}) == "BSD-2-Clause"
    assert name_licence({"LICENSE": BSD + " to endorse or promote products derived"}) == "BSD-3-Clause"


def test_several_licences_are_an_expression_and_none_is_empty() -> None:
    assert (
        name_licence({"LICENSE.BSD": BSD, "LICENSE.APACHE": APACHE, "LICENSE": "see the others"})
        == "Apache-2.0 OR BSD-2-Clause"
    )
    assert name_licence({"LICENSE": "all mine"}) == name_licence({}) == ""
