"""Sentences about all papers whose numbers are computed from the stored runs.

A sentence is written only if its runs are stored, and it names a cause only if a run shows that cause.
"""

from collections import defaultdict

from experiments.evaluation.against_baseline import against_baseline
from experiments.evaluation.comparisons import compared, format_difference, kappas_of
from experiments.evaluation.leaks import leak_lines
from experiments.evaluation.model_card import SYSTEM
from experiments.evaluation.published import published_rows
from experiments.evaluation.results import percent, summarize
from experiments.evaluation.significance import holm

ALPHA = 0.05
OWN = SYSTEM  # the recogniser's network, which is no paper's


def findings(papers: dict[str, dict], pairs: dict[str, dict]) -> str:
    """A list in Markdown.

    papers : contents of the results files by their stems;  pairs : runs in the other precision, likewise

    Checked: tests/test_published_numbers_are_compared.py
    """
    of = {stem: summarize(paper["runs"]) for stem, paper in papers.items() if paper["runs"]}
    of_papers = {stem: paper for stem, paper in papers.items() if stem != OWN}
    sentences = [*_published(papers), *_svm(of_papers), *_comparisons(of_papers, pairs)]
    sentences += [*_leaks(of.get("wang_cl", {})), *_beyond(of.get("baselines", {}))]
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _published(papers: dict[str, dict]) -> list[str]:
    """How many published accuracies are reproduced, and which differ under every reading that was run."""
    numbers = defaultdict(list)
    for stem, paper in papers.items():
        if stem != "baselines":
            for line in published_rows({stem: paper}):
                _, _, corpus, protocol = line["key"]
                corpus = corpus.removesuffix("_author_images")
                protocol = protocol.replace("matlab-split", "as-published")
                numbers[line["number"], corpus, protocol, line["published"]].append(line)
    if not numbers:
        return []
    differ = {key: lines for key, lines in numbers.items() if all(line["p"] < ALPHA for line in lines)}
    if not differ:
        return [f"None of {len(numbers)} published accuracies differs from ours."]
    reached: dict[tuple, list[dict]] = defaultdict(list)
    for line in leak_lines(papers):
        system, _, corpus, protocol = line["key"]
        if line["reached"]:
            reached[system, corpus, protocol, line["published"]].append(line)
    explained = {key: reached[key] for key in differ if reached.get(key)}
    open_still = {key: lines for key, lines in differ.items() if key not in explained}
    sentences = [
        f"Of {len(numbers)} published accuracies that runs here repeat, {len(numbers) - len(differ)} do not differ from"
        f" ours (two-sample test, p >= {ALPHA}; where several readings were run, of at least one of them)."
    ]
    if explained:
        listed = "; ".join(
            f"{_number(key)} (here {differ[key][0]['here'].split()[0]} %, with the leak {lines[0]['with']}:"
            f" {lines[0]['leak']})"
            for key, lines in explained.items()
        )
        sentences.append(
            f"{len(explained)} differ, and a leak that a run here demonstrates reaches them: {listed}. Such a leak is"
            " enough to reach these numbers. Whether the papers contain it is not known."
        )
    if open_still:
        listed = "; ".join(
            f"{_number(key)} (here {lines[0]['here'].split()[0]} %"
            + (f", best of {len(lines)} readings {max(line['here'].split()[0] for line in lines)}" if lines[1:] else "")
            + f"; tried: {', '.join(_reading(line) for line in lines)})"
            for key, lines in open_still.items()
        )
        sentences.append(
            f"{len(open_still)} differ under every reading that was run: {listed}. No stored run shows why."
        )
    return sentences


def _reading(line: dict) -> str:
    """'mfcc-cosine', or 'wang_cl_unscaled first-frames' where the reading has a name of its own."""
    system, variant, *_ = line["key"]
    return variant if system == line["number"] else f"{system} {variant}"


def _number(key: tuple) -> str:
    """'wang_cl casia 82.86 %': a published accuracy and whose it is."""
    system, corpus, _, published = key
    return f"{system} {corpus} {published.split()[0]} %"


def _svm(papers: dict[str, dict]) -> list[str]:
    """How the networks compare with the SVM, by corpus and protocol."""
    lines = against_baseline(papers)
    adjusted = dict(zip([line["key"] for line in lines], holm([line["p"] for line in lines]), strict=True))
    sentences = []
    for corpus, protocol, words in (
        ("emodb", "honest", "on random splits of EMO-DB"),
        ("emodb", "speaker", "on unseen speakers of EMO-DB"),
        ("casia", "honest", "on random splits of CASIA"),
        ("casia", "speaker", "on unseen speakers of CASIA"),
        ("ravdess", "honest", "on random splits of RAVDESS"),
        ("ravdess", "speaker", "on unseen speakers of RAVDESS"),
    ):
        here = [line for line in lines if line["key"][2:] == (corpus, protocol)]
        if not here:
            continue
        sure = [line for line in here if adjusted[line["key"]] < ALPHA]
        worse, better = sum(line["difference"] < 0 for line in sure), sum(line["difference"] > 0 for line in sure)
        shares = sorted(line["network"] for line in here)
        of = (
            f"{len(here)} networks of the papers {shares[0]:.0%} to {shares[-1]:.0%}"
            if here[1:]
            else f"one network {shares[0]:.0%}"
        )
        svm = sum(line["svm"] for line in here) / len(here)
        note = "; four speakers cannot show a difference" if here[0]["n_groups"] == 4 else ""
        sentences.append(
            f"{words[0].upper()}{words[1:]} an SVM on statistics of MFCC and log-mel scores about {svm:.0%}, {of}:"
            f" {worse} of them significantly lower, {better} significantly higher (p < {ALPHA} after Holm){note}."
        )
    return sentences


def _comparisons(papers: dict[str, dict], pairs: dict[str, dict]) -> list[str]:
    """Which of the papers' own additions help after Holm's correction."""
    asked_of = [
        (asked, [*paper["runs"], *pairs.get(stem, {"runs": []})["runs"]])
        for stem, paper in papers.items()
        for asked in paper.get("comparisons", [])
    ]
    kappas = kappas_of([*papers.values(), *pairs.values()])
    found = [(asked, compared(runs, asked, kappas)) for asked, runs in asked_of]
    found = [(asked, of) for asked, of in found if of]
    if not found:
        return []
    adjusted = holm([of["p"] for _, of in found])
    sure = [(asked, of) for (asked, of), p in zip(found, adjusted, strict=True) if p < ALPHA]
    listed = "; ".join(
        f"{asked['question']}, {asked['corpus']}, {asked['protocol']}: {format_difference(of)} points"
        for asked, of in sure
    )
    return [
        f"Of {len(found)} comparisons of what the papers add, {len(sure)} show a difference after Holm's correction"
        + (f": {listed}." if listed else ".")
    ]


def _leaks(of: dict) -> list[str]:
    """Segments of recordings, on both sides (a leak) and with every recording on one side."""
    sentences = []
    for (system, variant, corpus, protocol), found in of.items():
        control = of.get((system, variant, corpus, "segments-by-file"))
        if protocol == "leak-segments" and control:
            sentences.append(
                f"With segments of one recording on both sides (a leak), {system} scores {percent(found['accuracy'])} %"
                f" of {corpus}'s segments ({', '.join(found['shortened']) or 'all epochs'}); with every recording on"
                f" one side {percent(control['accuracy'])} % ({', '.join(control['shortened']) or 'all epochs'})."
            )
    return sentences


def _beyond(of: dict) -> list[str]:
    sentences = _sentence(
        of,
        "EmoBox's folds, SVM: EMO-DB {} % (drawn by file: known speakers), CASIA {} %, RAVDESS {} % (by speaker).",
        *(("svm", "statistics", corpus, "emobox") for corpus in ("emodb", "casia", "ravdess")),
    )
    for variant, words in (("statistics", ""), ("statistics-of-each-corpus", ", every corpus z-scored by itself")):
        sentences += _sentence(
            of,
            f"Across corpora, six shared emotions, SVM{words}: trained on EMO-DB {{}} % of RAVDESS (majority class {{}}"
            " %), the other way round {} % of EMO-DB ({} %).",
            *(
                (system, variant, corpus, "cross-corpus")
                for corpus in ("emodb to ravdess", "ravdess to emodb")
                for system in ("svm", "majority_class")
            ),
        )
    return sentences


def _sentence(of: dict, text: str, *keys: tuple) -> list[str]:
    """The text with the accuracies of the rows filled in; empty if a row has no runs."""
    if not all(key in of for key in keys):
        return []
    return [text.format(*(percent(of[key]["accuracy"]) for key in keys))]
