"""Which of several columns of one name are meant."""

import pytest

from columns import column
from skycnn.errors import InputError
from skycnn.photometry import twins
from skycnn.photometry.fields import Fields


def beside(names, value, error):
    fields = Fields([column(name) for name in names.split()], "cat.fits[1]", "m needs g")
    return twins.beside(fields, fields.require(value, ""), fields.require(error, ""), "g").name


@pytest.mark.parametrize(
    ("names", "value", "error"),
    [
        ("gmag e_gmag", "gmag", "e_gmag"),
        ("gmag e_gmag gmag#3 e_gmag#4", "gmag", "e_gmag"),
        ("gmag e_gmag gmag#3 e_gmag#4", "gmag#3", "e_gmag#4"),
        ("gmag gmag#2 e_gmag e_gmag#4", "gmag#2", "e_gmag#4"),
        ("gmag gmag#2 e_gmag", "gmag#2", "e_gmag"),
    ],
)
def test_the_error_stands_where_the_value_does(names, value, error):
    assert beside(names, value, "e_gmag") == error


def test_several_errors_of_one_value_are_told():
    with pytest.raises(InputError, match="has the error of g more than once: e_gmag#2 and e_gmag#3") as error:
        beside("gmag e_gmag e_gmag#3", "gmag", "e_gmag")
    assert error.value.hint == "Choose with --error g=e_gmag#2. NAME#7 is the table's column 7."
