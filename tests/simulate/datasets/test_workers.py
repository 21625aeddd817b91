"""Work in order, in this process or in others."""

import os

import pytest

from tssd.errors import DataError, UsageError
from tssd.simulate.datasets.workers import AHEAD, run_all


def process_of(task):
    return task, os.getpid()


def refuse(task):
    raise DataError(f"task {task} cannot be done")


def run(work, tasks, **options):
    return list(run_all(work, tasks, total=len(tasks), title="Testing", **options))


def test_a_few_tasks_stay_in_this_process():
    assert run(process_of, range(5)) == [(n, os.getpid()) for n in range(5)]


def test_processes_give_their_results_in_order():
    results = run(process_of, range(40), processes=2)
    assert [task for task, _ in results] == list(range(40))
    assert os.getpid() not in {process for _, process in results}


def test_tasks_are_taken_only_a_little_ahead():
    taken = []

    def tasks():
        for n in range(100):
            taken.append(n)
            yield n

    results = run_all(process_of, tasks(), total=100, title="Testing", processes=1)
    next(results)
    assert len(taken) == 1
    results = run_all(process_of, tasks(), total=100, title="Testing", processes=2)
    taken.clear()
    next(results)
    results.close()
    assert len(taken) <= 2 * AHEAD


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_arrives_as_it_was(processes):
    with pytest.raises(DataError, match="task 0 cannot be done"):
        run(refuse, range(3), processes=processes)


def test_no_process_is_refused():
    with pytest.raises(UsageError, match="processes is 0, expected"):
        run(process_of, range(3), processes=0)
