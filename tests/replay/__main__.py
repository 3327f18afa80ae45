"""`python tests/replay REPOSITORY`: what learning brings to a person who writes that repository's tasks."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from replay.person import Habits
from replay.play import WAYS, Lab, played_months
from replay.report import together, told
from replay.tasks import files_of, months


def main() -> None:
    """Plays, and prints the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--first", type=int, default=250, help="tasks of the first month")
    parser.add_argument("--second", type=int, default=150, help="tasks of the second month")
    parser.add_argument("--outcomes", type=int, help="the first month ends after so many suggestions seen")
    parser.add_argument("--most-a-file", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0, help="which months are drawn, and the person's slips")
    parser.add_argument("--interruption", type=float, default=0.1, help="what one costs the person")
    parser.add_argument("--rounds", type=int, default=1, help="as many seeds, told together")
    parser.add_argument("--other", action="store_true", help="the second month is a new project of theirs")
    parser.add_argument("--ways", nargs="*", choices=list(WAYS))
    parser.add_argument("--model", default="none", help="for the second month: `embedded`, or an endpoint's")
    parser.add_argument(
        "--trust",
        type=float,
        help="the embedded model is asked where recall is less sure than this; as it comes it hardly ever is",
    )
    parser.add_argument("--home", type=Path, help="where it all happens; kept afterwards")
    parser.add_argument("--set", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"))
    given = parser.parse_args()
    ways = given.ways or [way for way in WAYS if way != "prompt" or given.model != "none"]
    files = files_of(given.repository.resolve(), given.most_a_file)
    rounds = []
    for seed in range(given.seed, given.seed + given.rounds):
        first, second = months(files, given.first, given.second, seed)
        with tempfile.TemporaryDirectory() as place:
            lab = Lab(
                (given.home or Path(place)).resolve(),
                Habits(seed, interruption=given.interruption),
                given.model,
                given.trust,
                dict(given.set),
            )
            rounds.append(
                played_months(
                    lab, first, second, n_outcomes=given.outcomes, other_workspace=given.other, ways=ways
                )
            )
    played = together(rounds)
    print(told(played))


if __name__ == "__main__":
    main()
