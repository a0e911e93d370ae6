"""FetchError: a reason that is safe to print."""

from skycnn.remote.fetcherror import FetchError, printable


def test_a_server_does_not_speak_to_the_terminal():
    assert FetchError("a\x1b[2Jb\n c\x9b").reason == str(FetchError("a [2Jb c"))
    assert printable(" a\t\tb ") == "a b"
