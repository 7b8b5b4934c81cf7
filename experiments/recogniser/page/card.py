"""The model card as HTML, and the sentence about accuracy at the top of the page."""

import html
import re

from experiments.common.paths import RESULTS
from experiments.evaluation import model_card
from experiments.evaluation.results import load, summarize
from experiments.recogniser.trained import SHIPPED, Trained
from experiments.recogniser.training import SYNTHETIC

CARD = SHIPPED / "MODEL_CARD.md"
UNHEARD = "speaker"  # the protocol that tests on people whom the network has not heard
HEARD = "The recordings it was tested on may be of people whom it was trained on"


def lead(trained: Trained) -> str:
    """How often the network is right, from stored results, in HTML.

    Checked: tests/test_the_page_is_built.py
    """
    n = len(trained.classes)
    opening = f"A network answers with one of {n} acted emotions, whatever it hears."
    chance = f"chance is {100 / n:.3g} %"
    if trained.folder.resolve() == SHIPPED.resolve():
        runs = load(RESULTS / f"{model_card.SYSTEM}.jsonl")
        found = next(row for key, row in summarize(runs).items() if key[2:4] == (model_card.CORPUS, UNHEARD))
        mean = 100 * found["accuracy"][0]
        return f"{opening} On people whom it has not heard it is right in {mean:.0f} % of the recordings; {chance}."
    result = trained.result
    if result["corpus"] == "synthetic":
        return html.escape(f"{opening} {SYNTHETIC[0].upper()}{SYNTHETIC[1:]}.")
    unheard = result.get("protocol") == UNHEARD
    who = "of people whom it has not heard" if unheard else f"of {result['corpus']}"
    measured = f"It is right in {100 * result['accuracy']:.0f} % of {result['n_test']} recordings {who}; {chance}."
    return html.escape(f"{opening} {measured}" + ("" if unheard else f" {HEARD}."))


def card(trained: Trained) -> str:
    """The card of the network that comes with the project, or the facts of another run, in HTML.

    Checked: tests/test_the_page_is_built.py
    """
    if trained.folder.resolve() == SHIPPED.resolve():
        return as_html(CARD.read_text(encoding="utf-8"))
    result = trained.result
    rows = [
        f"| {name} | {value} |"
        for name, value in (
            ("system", result["system"]),
            ("trained and tested on", result["corpus"]),
            ("protocol", result.get("protocol", "unknown")),
            ("accuracy %", f"{100 * result['accuracy']:.1f}"),
            ("recordings tested", result["n_test"]),
            ("chance %", f"{100 / len(trained.classes):.1f}"),
        )
    ]
    limits = "Nothing is known about other people, languages and rooms. Do not decide anything about a person by it."
    return as_html("\n".join(["# This network", "", "| | |", "|---|---|", *rows, "", limits]))


def as_html(markdown: str) -> str:
    """The Markdown that the model card uses: headings, paragraphs, lists, tables, **bold**, `code` and links.

    A heading goes one level down, as the page has one of its own. Links to files of this project keep their text only.

    Checked: tests/test_the_page_is_built.py
    """
    text = re.sub(r"<!--.*?-->\n?", "", markdown, flags=re.DOTALL)
    return "\n".join(_block(block.split("\n")) for block in re.split(r"\n\s*\n", text.strip()))


def _block(lines: list[str]) -> str:
    if heading := re.match(r"(#+) (.*)", lines[0]):
        level = len(heading[1]) + 1
        rest = _block(lines[1:]) if lines[1:] else ""
        return f"<h{level}>{_inline(heading[2])}</h{level}>{rest}"
    if lines[0].startswith("|"):
        return _table(lines)
    if lines[0].startswith("- "):
        items = re.split(r"^- ", "\n".join(lines), flags=re.MULTILINE)[1:]
        return "<ul>" + "".join(f"<li>{_inline(item)}</li>" for item in items) + "</ul>"
    return f"<p>{_inline(chr(10).join(lines))}</p>"


def _table(lines: list[str]) -> str:
    header, _, *rows = ([_inline(cell.strip()) for cell in line.strip("|").split("|")] for line in lines)
    head = "".join(f'<th scope="col">{cell}</th>' for cell in header)
    body = "".join(
        f'<tr><th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in rest) + "</tr>"
        for first, *rest in rows
    )
    head = f"<thead><tr>{head}</tr></thead>" if any(header) else ""
    return f'<div class="scroll"><table>{head}<tbody>{body}</tbody></table></div>'


def _inline(text: str) -> str:
    text = html.escape(text)
    text = re.sub(r"\[([^\]]+)\]\((https://[^)\s]+)\)", r'<a href="\2" rel="noreferrer">\1</a>', text)
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)
    return re.sub(r"`(.+?)`", r"<code>\1</code>", text)
