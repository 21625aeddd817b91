"""BLAS in one thread."""

import pytest

from tssd.engine.blas import one_thread

threadpoolctl = pytest.importorskip("threadpoolctl")


def threads():
    info = threadpoolctl.threadpool_info()
    return {lib["num_threads"] for lib in info if lib["user_api"] == "blas"}


def test_one_thread_inside_and_as_before_outside():
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        before = threads()
        with one_thread():
            assert threads() == {1}
            with one_thread():
                pass
            assert threads() == {1}
        assert threads() == before
