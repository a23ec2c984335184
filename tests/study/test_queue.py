"""The queue: each cell is run once, lost workers are replaced, failures are kept apart."""

import threading
import time
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from brainmodel.errors import Refused
from brainmodel.study import queue as queue_file
from brainmodel.study import worker
from brainmodel.study.plan import StudyCell, StudyPlan, read_plan
from brainmodel.study.queue import MOST_LOST, StudyQueue
from brainmodel.study.worker import best_point, work

CONTENT: dict[str, Any] = {
    "base": "quick",
    "factors": {
        "rule": {"key": "model.areas.V1.rule", "levels": ["a.A", "a.B", "a.C"]},
        "size": {"levels": {"small": {}, "large": {"model": {}}}},
    },
    "seeds": [0, 1],
    "measures": {"score": "held_out_terms/*"},
}
MARK = {"settings": "s", "code": "c"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "POLL", 0.02)


def opened(plan: StudyPlan | None = None, stale: float = 60.0, storage: Any = None) -> StudyQueue:
    plan = read_plan(CONTENT) if plan is None else plan
    return StudyQueue(storage or Path("study.journal").resolve(), "study", plan, MARK, stale)


def score(cell: StudyCell, point: int | None = None) -> dict[str, Any]:
    return {"measures": {"score": sum(cell.levels) + 0.1 * cell.seed + (point or 0)}}


def scores(queue: StudyQueue) -> dict[StudyCell, float]:
    return {
        cell: standing.found["measures"]["score"]
        for cell, standing in queue.standings().items()
        if standing.state == "done"
    }


@pytest.mark.parametrize("storage", [None, "sqlite:///study.db"])
def test_workers_at_once_run_every_cell_exactly_once(storage: str | None) -> None:
    ran: Counter[StudyCell] = Counter()
    hands: Counter[str] = Counter()
    start, two, number = threading.Barrier(4), threading.Barrier(2), count()

    def train(cell: StudyCell, point: int | None) -> dict[str, Any]:
        ran[cell] += 1
        hands[threading.current_thread().name] += 1
        if next(number) < 2:  # the first cell is not over before somebody else has taken another
            two.wait(30)
        return score(cell)

    opened(storage=storage)

    def one() -> None:
        queue = opened(storage=storage)  # a storage of its own, as in another process
        start.wait()
        assert work(queue, train)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    queue = opened(storage=storage)
    assert ran == dict.fromkeys(queue.plan.cells, 1) and len(ran) == 12
    assert len(hands) > 1, "the control: several had a part in it"
    assert scores(queue) == {cell: pytest.approx(score(cell)["measures"]["score"]) for cell in ran}


def test_a_cell_that_was_enqueued_twice_runs_once() -> None:
    queue = opened()
    queue.fill()
    for cell in queue.plan.cells:
        queue._enqueue(cell, {})
    ran: Counter[StudyCell] = Counter()

    def train(cell: StudyCell, point: int | None) -> dict[str, Any]:
        ran[cell] += 1
        return score(cell)

    assert work(queue, train) and set(ran.values()) == {1} and len(ran) == 12


def test_a_claim_is_given_once_and_lost_when_nothing_is_heard() -> None:
    one, other = opened(stale=1.0), opened(stale=1.0)
    one.fill()
    first = one.plan.cells[:1]
    claimed = one.claim(first)
    assert claimed is not None and other.claim(first) is None
    other.declare_lost()
    assert other.standings()[first[0]].state == "running", "it was just heard of"
    with one.beating(claimed[1]):
        time.sleep(1.5)
        other.declare_lost()
        assert other.standings()[first[0]].state == "running", "it beats"
    time.sleep(1.3)
    other.declare_lost()
    other.fill()
    again = other.claim(first)
    assert again is not None and again[1] != claimed[1]
    one.finish(claimed[1], {"measures": {"score": 7.0}})  # the dead awakes, and is not heard
    assert other.standings()[first[0]].state == "running"
    other.finish(again[1], score(first[0]))
    assert scores(one) == {first[0]: 0.0}


def test_a_cell_whose_workers_are_always_killed_fails() -> None:
    queue = opened(stale=0.0)
    first = queue.plan.cells[:1]
    for _ in range(MOST_LOST):
        queue.fill()
        assert queue.claim(first) is not None
        time.sleep(0.01)
        queue.declare_lost()
    queue.fill()
    standing = queue.standings()[first[0]]
    assert standing.state == "failed" and "killed 3 times" in standing.error
    assert queue.claim(first) is None
    queue.ask_failed_again()
    assert queue.claim(first) is not None


def test_a_worker_that_is_stopped_gives_its_cell_back() -> None:
    queue = opened()

    def stop(cell: StudyCell, point: int | None) -> dict[str, Any]:
        raise SystemExit(130)

    for _ in range(MOST_LOST + 1):
        with pytest.raises(SystemExit):
            work(queue, stop)
    assert work(queue, score) and len(scores(queue)) == 12


def test_what_a_cell_raises_is_kept_and_the_others_go_on() -> None:
    queue = opened()
    bad, odd = queue.plan.cells[3], queue.plan.cells[5]

    def train(cell: StudyCell, point: int | None) -> dict[str, Any]:
        if cell == bad:
            raise ValueError("no room\nfor two lines")
        return score(cell) if cell != odd else {"measures": {"score": float("nan")}}

    assert work(queue, train)
    failed = {c: s.error for c, s in queue.standings().items() if s.state == "failed"}
    assert failed == {bad: "ValueError: no room", odd: "ValueError: score is nan"}
    assert len(scores(queue)) == 10 and bad not in scores(queue)
    assert work(queue, lambda cell, point: pytest.fail("a settled study runs nothing"))
    queue.ask_failed_again()
    assert work(queue, score) and len(scores(queue)) == 12


def test_each_combination_is_tuned_first_and_then_run_at_its_best_point() -> None:
    tune = {"grid": {"model.learning_rate": [0.1, 0.2, 0.3]}, "seed": 9}
    plan = read_plan(CONTENT | {"tune": tune})
    assert len(plan.cells) == 6 * 3 + 6 * 2
    best: dict[tuple[int, ...], int] = {(0, 0): 2, (1, 1): 1}
    order: list[StudyCell] = []
    points: dict[StudyCell, int | None] = {}

    def train(cell: StudyCell, point: int | None) -> dict[str, Any]:
        order.append(cell)
        points[cell] = point
        if cell.levels == (2, 0) and cell.point is not None:
            raise ValueError("never")
        return {"measures": {"score": float(point == best.get(cell.levels, 0))}}

    queue = opened(plan)
    assert work(queue, train)
    for cell in plan.cells:
        if cell.point is None and cell.levels != (2, 0):
            assert points[cell] == best.get(cell.levels, 0)
    assert all(cell.seed == 9 for cell in order[:18]) and len(order) == 28
    told = {s.error for c, s in queue.standings().items() if c == StudyCell((2, 0), 1, None)}
    assert told == {"ValueError: no point of its grid could be trained"}
    lower = plan._replace(measures=(plan.measures[0]._replace(higher=False),))
    assert best_point(lower, queue.standings(), (0, 0)) == 0


def test_a_point_that_is_tried_once_more_moves_all_seeds_of_its_combination() -> None:
    tune = {"grid": {"model.learning_rate": [0.1, 0.2]}, "seed": 9}
    plan = read_plan(CONTENT | {"tune": tune})
    queue, (first, other, *_) = opened(plan), plan.combinations
    broken = {StudyCell(first, 9, 1), StudyCell(first, 1, None), StudyCell(other, 1, None)}

    def train(cell: StudyCell, point: int | None) -> dict[str, Any]:
        if cell in broken:
            raise RuntimeError("out of luck")
        ran.append(cell)
        return score(cell, point)

    ran: list[StudyCell] = []
    assert work(queue, train)
    seeds = [StudyCell(first, seed, None) for seed in (0, 1)]
    assert queue.standings()[seeds[0]].found["point"] == 0, "the other point could not be trained"
    broken.clear()
    ran.clear()
    queue.ask_failed_again()
    assert work(queue, train)
    assert [queue.standings()[cell].found["point"] for cell in seeds] == [1, 1]
    assert set(ran) == {StudyCell(first, 9, 1), *seeds, StudyCell(other, 1, None)}


def test_a_storage_of_other_settings_code_or_owner_is_refused() -> None:
    plan, journal = read_plan(CONTENT), Path("study.journal").resolve()
    opened()
    opened()  # the control
    for mark, word in (({"settings": "x"}, "settings"), ({"code": "x"}, "code")):
        with pytest.raises(Refused, match=f"holds results of other {word}, .* another --out"):
            StudyQueue(journal, "study", plan, MARK | mark, 60)
    optuna = queue_file.require_optuna()
    foreign = optuna.create_study(storage="sqlite:///a.db", study_name="study")
    foreign.enqueue_trial({"x": 1})
    with pytest.raises(Refused, match="is a study of something else"):
        opened(storage="sqlite:///a.db")
    Path("broken.journal").write_text("no journal\n")
    with pytest.raises(Refused, match="storage: .*broken"):
        opened(storage=Path("broken.journal").resolve())
    with pytest.raises(Refused, match="storage: nowhere.* cannot be opened"):
        opened(storage="nowhere://x")
