"""Files of a network into a repository of the hub, all in one commit."""

from collections.abc import Mapping

from tssd.errors import UsageError
from tssd.hub.client import asking, endpoint, library
from tssd.hub.download import FILES
from tssd.hub.name import HubName


def upload(
    files: Mapping[str, bytes], name: HubName, *, private: bool = False, message: str | None = None
) -> str:
    """Upload with the user's own token, which the library finds; where the commit can be seen.

    The repository is made where it is not there. What was uploaded before and is none of the files
    now, such as an exit, goes; everything else in it stays.

    Args:
        files: by name.
        name: of the repository, with its owner; its revision is a branch that is there.
        private: whether nobody else may see it. A public one stays public, so that is refused.
        message: of the commit; None = "Upload NAME".
    Raises: UsageError: the library is not installed, the repository is public and should not be, or
        a new one is to have a branch. DataError: the hub refuses it, or can't be reached. Nothing
        was uploaded then.
    """
    hub = library("push")
    api = hub.HfApi(library_name="tssd")
    with asking(str(name)):
        try:
            there = api.repo_info(name.repository, revision=name.revision)
        except hub.errors.RepositoryNotFoundError:
            if name.revision is not None:
                raise UsageError(
                    f"{name}: no such repository, and a new one has no branches; push to "
                    f"{name.repository} first"
                ) from None
            # Without --private it becomes what its owner has set for new ones.
            api.create_repo(name.repository, private=True if private else None)
            there = api.repo_info(name.repository)
        if private and there.private is False:
            raise UsageError(
                f"--private: {name.repository} is there already and public; make it private on "
                f"{endpoint()} first, or push to another name"
            )
        present = {file.rfilename for file in there.siblings or ()}
        stale = [file for file in FILES if file in present and file not in files]
        done = api.create_commit(
            name.repository,
            operations=[
                *(hub.CommitOperationAdd(file, content) for file, content in files.items()),
                *(hub.CommitOperationDelete(file) for file in stale),
            ],
            commit_message=message or f"Upload {name.name}",
            revision=name.revision,
        )
    return str(done.commit_url)
