"""The library that talks to the hub, imported when it is needed, and its errors in one line."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from tssd.errors import DataError, TssdError, UsageError

USUAL = "https://huggingface.co"


def endpoint() -> str:
    """The hub that is asked, to say which: Hugging Face's, or that of the variable HF_ENDPOINT.

    The library reads the variable itself, when it is imported.
    """
    return (os.environ.get("HF_ENDPOINT") or USUAL).rstrip("/")


def library(asked_by: str) -> ModuleType:
    """huggingface_hub.

    Args:
        asked_by: what needs it, for the message.
    Raises: UsageError: it is not installed; names the extra.
    """
    try:
        import huggingface_hub
    except ModuleNotFoundError as error:
        if error.name != "huggingface_hub":
            raise
        raise UsageError(
            f"{asked_by}: huggingface_hub, which talks to the hub, is not installed: "
            "pip install 'tssd[hub]'"
        ) from None
    return huggingface_hub


@contextmanager
def asking(repository: str) -> Iterator[None]:
    """Inside, the library's errors become ours.

    Args:
        repository: OWNER/NAME, with the revision where one is asked for.
    Raises: DataError: what went wrong and what to do, in one line.
    """
    try:
        yield
    except TssdError:
        raise
    # By its version, the library has the errors of three others, for HTTP, besides its own.
    except Exception as error:
        raise DataError(f"{repository}: {_in_words(error)}") from error


def _in_words(error: Exception) -> str:
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return f"its owner gives access on request; ask for it on {endpoint()}, then log in"
    if isinstance(error, errors.RepositoryNotFoundError):
        return (
            f"no such repository on {endpoint()}, or a private one that your token can't read; "
            "check the name, or log in with `hf auth login` (or set HF_TOKEN)"
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return "the repository has no such revision; name a branch, a tag or a commit of it"
    # Before its parents: it is a kind of file that is not there.
    if isinstance(error, errors.LocalEntryNotFoundError):
        return (
            f"{endpoint()} can't be reached, and not all of its files are on this machine; check "
            "the network, HF_ENDPOINT and HF_HUB_OFFLINE, then try again"
        )
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403) or isinstance(error, errors.LocalTokenNotFoundError):
        refused = f"{endpoint()} refuses it (HTTP {status})" if status else "there is no token"
        return f"{refused}; log in with a token that may write, by `hf auth login` or HF_TOKEN"
    detail = " ".join(str(error).split()) or type(error).__name__
    return f"{endpoint()} did not do it ({detail[:200]}); check the network, then try again"
