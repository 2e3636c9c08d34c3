"""The tree that the module of errors begins with is the one that its classes make."""

import re

from reseal import errors


def test_the_tree_names_every_error_under_its_parent():
    drawn = dict[str, str]()
    above = ["ResealError"]
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"([│ ]*)[├└]── (\w+)", line):
            depth, name = len(found[1]) // 4, found[2]
            above[depth + 1 :] = [name]
            drawn[name] = above[depth]
    classes = [one for one in vars(errors).values() if isinstance(one, type)]
    assert drawn == {
        one.__name__: one.__bases__[0].__name__ for one in classes if one is not errors.ResealError
    }
