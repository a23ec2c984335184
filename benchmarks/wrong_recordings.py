"""Recordings that are wrong in one way each: how many end in the right value, or one true sentence.

What is looked for: an exception that is no sentence, a sentence about something else, and above all
a number that is read without a word.
"""

import tempfile
import warnings
from pathlib import Path

from tqdm import tqdm

from benchmarks._results import Figure, arguments, write
from benchmarks.wrong import arrays, folders, labelled_files, matlab, planes, sessions, tables
from benchmarks.wrong.case import Case, complaint

KINDS = (arrays, matlab, sessions, planes, tables, labelled_files, folders)
CASES: list[Case] = [case for kind in KINDS for case in kind.CASES]


def judge(case: Case) -> str:
    """What is wrong with what a case comes to, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        return complaint(case, Path(folder))


def main() -> None:
    """Judge all, print those that are wrong and the share that is right."""
    chosen = arguments(__doc__ or "")
    cases = CASES[::4] if chosen.quick else CASES
    wrong = {case.name: said for case in tqdm(cases, desc="recordings") if (said := judge(case))}
    for name, said in wrong.items():
        print(f"{name}: {said}")
    share = 100 * (1 - len(wrong) / len(cases))
    print(f"{len(cases) - len(wrong)} of {len(cases)} are right")
    write(chosen.out, [Figure("right values or one true sentence", [share], "%")])


if __name__ == "__main__":
    main()
