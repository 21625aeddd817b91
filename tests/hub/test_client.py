import pytest

from tssd.errors import DataError, UsageError
from tssd.hub.client import USUAL, asking, endpoint

errors = pytest.importorskip(
    "huggingface_hub.errors", reason="needs the extra: pip install tssd[hub]"
)


class Response:
    def __init__(self, status):
        self.status_code, self.headers, self.request = status, {}, None


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (errors.RepositoryNotFoundError("x", response=Response(404)), "no such repository"),
        (errors.GatedRepoError("x", response=Response(403)), "gives access on request"),
        (errors.RevisionNotFoundError("x", response=Response(404)), "no such revision"),
        (errors.HfHubHTTPError("x", response=Response(403)), "refuses it (HTTP 403); log in with"),
        (errors.LocalTokenNotFoundError("x"), "there is no token; log in with"),
        (errors.LocalEntryNotFoundError("x"), "can't be reached, and not all of its files"),
        (errors.HfHubHTTPError("a\n b", response=Response(500)), "did not do it (a b)"),
        (ConnectionError(), "did not do it (ConnectionError); check the network"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_errors_of_the_library_are_told_in_one_line(error, told):
    with pytest.raises(DataError) as caught, asking("jane/net"):
        raise error
    assert str(caught.value).startswith("jane/net: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_our_own_errors_pass():
    with pytest.raises(UsageError, match="^mine$"), asking("jane/net"):
        raise UsageError("mine")


def test_the_hub_is_that_of_the_environment(monkeypatch):
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    assert endpoint() == USUAL
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example/")
    assert endpoint() == "https://hub.example"
