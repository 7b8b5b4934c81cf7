"""Three seeds together: what a vote of networks that differ in their seed scores on unseen speakers.

No network of a vote has heard the speaker that it answers. Seeds draw other folds of speakers, so the three networks
that answer a recording were not all trained on the same speakers.
"""

from collections import Counter, defaultdict

from experiments.common.markdown import table
from experiments.evaluation.comparisons import format_difference
from experiments.evaluation.results import row_of
from experiments.evaluation.significance import holm, paired, right_answers

N_SEEDS = 3
COLUMNS = ("files", "speakers", "true", "predicted")


def ensembles_table(papers: dict[str, dict]) -> str:
    """A line for every row of unseen speakers in which three seeds answered every recording once.

    papers : contents of the results files by their stems

    Checked: tests/test_ensembles_vote.py
    """
    lines = ensembles(papers)
    rows = [
        [*line["key"][:3], str(line["n_files"]), f"{100 * line['single']:.1f}", f"{100 * line['vote']:.1f}",
         format_difference(line), f"{line['p']:.2g}", f"{p:.2g}"]
        for line, p in zip(lines, holm([line["p"] for line in lines]), strict=True)
    ]  # fmt: skip
    header = ["system", "variant", "corpus", "recordings", "one seed, mean %", "vote of three %"]
    return table([*header, "gain, points", "p", "p, Holm"], rows)


def ensembles(papers: dict[str, dict]) -> list[dict]:
    """significance.paired of the vote and each of its members, with "key", "n_files", "single" and "vote" (shares).

    The vote is the class that most seeds answer; the smallest seed's answer counts where all differ.

    Checked: tests/test_ensembles_vote.py
    """
    lines = []
    for stem, paper in papers.items():
        if stem == "baselines":  # a seed changes nothing but the split there
            continue
        of_row: dict[tuple, dict[int, list[dict]]] = defaultdict(lambda: defaultdict(list))
        for run in paper["runs"]:
            if run["protocol"] == "speaker" and "answers" in run:
                of_row[row_of(run)][run["seed"]].append(run["answers"])
        for key, seeds in of_row.items():
            members = [put_together(seeds[seed]) for seed in sorted(seeds)]
            if len(members) == N_SEEDS and len({answers["files"] for answers in members}) == 1:
                lines.append({"key": key} | _line(members))
    return lines


def _line(members: list[dict]) -> dict:
    together = vote(members)
    single = [is_right for member in members for is_right in right_answers(member)]
    right = right_answers(together)
    shares = {"single": sum(single) / len(single), "vote": sum(right) / len(right), "n_files": len(right)}
    return paired([(together, member) for member in members], 0.0) | shares


def put_together(folds: list[dict]) -> dict:
    """The answers of all folds of a seed, as one run's, sorted by recording.

    Checked: tests/test_ensembles_vote.py
    """
    rows = [row for answers in folds for row in zip(*(answers[name].split() for name in COLUMNS), strict=True)]
    rows.sort(key=lambda row: int(row[0]))
    return {name: " ".join(column) for name, column in zip(COLUMNS, zip(*rows, strict=True), strict=True)}


def vote(members: list[dict]) -> dict:
    """The answers of most members, as columns like theirs; the first member's where no class has most.

    Checked: tests/test_ensembles_vote.py
    """
    columns = [answers["predicted"].split() for answers in members]
    predicted = []
    for told in zip(*columns, strict=True):
        (first, n), *others = Counter(told).most_common()
        predicted.append(told[0] if others and others[0][1] == n else first)
    return members[0] | {"predicted": " ".join(predicted)}
