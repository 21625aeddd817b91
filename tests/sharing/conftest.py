"""The shared files of one tiny run, which several tests read."""

import pytest


@pytest.fixture(scope="session")
def shared(trained):
    """The files of the tiny run as jane/digits."""
    from tssd.hub.name import HubName
    from tssd.sharing.contents import contents

    return contents(trained, HubName("digits", "jane"), licence="mit")
