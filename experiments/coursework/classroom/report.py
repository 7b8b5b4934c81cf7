"""Reports as web pages and text: one per student, and the summary of a class.

Everything in them may come from a student: names of files, messages of exceptions, what a program printed. So every
text is made printable (an escape sequence of a terminal becomes visible text) and escaped, and the pages, which need
no scripts, forbid them.
"""

from collections import Counter
from html import escape
from itertools import pairwise

from dsp.files.naming import printable

STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}
table{border-collapse:collapse}td,th{padding:.2em .8em .2em 0;text-align:left;vertical-align:top}
pre{background:#f5f5f5;padding:.6em;overflow:auto}.no{color:#b00020}.yes{color:#1a7f37}
.bar{display:inline-block;height:.8em;background:#0072bd}"""
MAX_PAIRS = 50  # of similar submissions, in the text; the page lists all
MAX_BAR = 40  # characters


def clean(value):
    """The value with every text printable; line breaks and tabs stay."""
    if isinstance(value, str):
        lines = value.replace("\r\n", "\n").split("\n")
        return "\n".join(printable(line).replace("\\x09", "\t") for line in lines)
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    return [clean(item) for item in value] if isinstance(value, list | tuple) else value


def page(title: str, body: list[str]) -> str:
    """A page without scripts; the title is text, the body is HTML."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{text(title)}</title>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n<style>{STYLE}</style></head>\n'
        f"<body>\n<h1>{text(title)}</h1>\n" + "\n".join(body) + "\n</body></html>\n"
    )


def text(words) -> str:
    return escape(clean(str(words)))


def table(rows: list[list[str]], header: list[str] = ()) -> str:
    """A table of HTML cells."""
    head = "<tr>" + "".join(f"<th>{cell}</th>" for cell in header) + "</tr>\n" if header else ""
    return (
        f"<table>\n{head}" + "\n".join(f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in rows) + "</table>"
    )


def student_page(entry: dict) -> str:
    """The page of one student; `entry` is what the .json file beside it holds."""
    report = entry["report"]
    body = [f"<p>lab {entry['lab']}, profile {text(entry['profile'])}, file {text(entry['file'] or 'none')}</p>"]
    if entry["late"]:
        body.append("<p>late</p>")
    if entry["status"] == "graded":
        body.append(f"<p><b>{report['score']:g} of {report['points']:g} points</b></p>")
    else:
        body.append(f"<p class=no>{text(entry['message'])}</p>")
    marks = {True: "<span class=yes>pass</span>", False: "<span class=no>FAIL</span>"}
    rows = [[marks[case["passed"]], text(case["name"]), text(case["message"])] for case in report.get("cases", [])]
    body += [table(rows)] if rows else []
    questions = report.get("questions", [])
    for index, name in enumerate(report.get("explained_by", [])):
        question = f"<br>{text(questions[index])}" if index < len(questions) else ""
        body.append(f"<p>explained by: {text(name)}{question}</p>")
    body += [f"<p>note: {text(note)}</p>" for note in report.get("notes", [])]
    body += [f"<p>note: {text(note)}</p>" for note in report.get("notes", [])]
    if report.get("printed"):
        body.append(f"<p>your code printed (the end of it):</p>\n<pre>{text(report['printed'])}</pre>")
    return page(entry["student"], body)


def summary(entries: list[dict], missing: list[str], alike: dict, points: float, head: str) -> dict:
    """What the summary of a class says, as data.

    entries : of all students who handed in something
    missing : names of the roster without a submission
    alike : {"identical": [[student, ...], ...], "similar": [[student, student, share], ...]}
    points : of the lab
    head : the first line
    """
    graded = [entry for entry in entries if entry["status"] == "graded"]
    reports = [entry["report"] for entry in graded]
    cases: dict[str, list[bool]] = {}
    for report in reports:
        for case in report["cases"]:
            cases.setdefault(case["name"], []).append(case["passed"])
    return {
        "head": head,
        "status": Counter(entry["status"] for entry in entries),
        "histogram": histogram([report["score"] for report in reports], points),
        "mistakes": Counter(name for report in reports for name in report["explained_by"]).most_common(),
        "unexplained": sum(
            not report["explained_by"] and not all(case["passed"] for case in report["cases"]) for report in reports
        ),
        "cases": [(name, sum(passed), len(passed)) for name, passed in cases.items()],
        "late": [entry["student"] for entry in entries if entry["late"]],
        "missing": missing,
        "not graded": [(entry["student"], entry["message"]) for entry in entries if entry["status"] != "graded"],
        **alike,
    }


def histogram(scores: list[float], points: float) -> list[tuple[str, int]]:
    """How many scores are 0, in each tenth of the points (upper end included), and full."""
    edges = [points * tenth / 10 for tenth in range(11)]
    counts = Counter("0" if score <= 0 else "all" if score >= points else _tenth(score, edges) for score in scores)
    labels = ["0", *(f"{low:g} .. {high:g}" for low, high in pairwise(edges)), "all"]
    return [(f"{points:g}" if label == "all" else label, counts[label]) for label in labels]


def _tenth(score: float, edges: list[float]) -> str:
    index = next(i for i, high in enumerate(edges[1:]) if score <= high or i == len(edges) - 2)
    return f"{edges[index]:g} .. {edges[index + 1]:g}"


def summary_text(facts: dict) -> str:
    """The summary for a terminal or a mail."""
    lines = [facts["head"], ", ".join(f"{status} {count}" for status, count in sorted(facts["status"].items())), ""]
    lines += [f"{'points':>14}  students"]
    largest = max([count for _, count in facts["histogram"]] + [1])
    for label, count in facts["histogram"]:
        bar = "#" * (-(-count * MAX_BAR // largest) if largest > MAX_BAR else count)
        lines.append(f"{label:>14}  {bar} {count}" if count else f"{label:>14}")
    lines += ["", "mistakes                                        students"]
    lines += [f"  {name:<44}  {count}" for name, count in facts["mistakes"]]
    lines += [f"  {'(wrong, and explained by none)':<44}  {facts['unexplained']}", ""]
    lines += ["cases                                           passed by"]
    lines += [f"  {name:<44}  {passed} of {count}" for name, passed, count in facts["cases"]]
    for group in facts["identical"]:
        lines += ["", f"identical but for names, comments and layout: {', '.join(group)}"]
    if facts["similar"]:
        lines += ["", "alike (short functions after one formula often are; this proves nothing):"]
        lines += [f"  {share:4.0%}  {a}, {b}" for a, b, share in facts["similar"][:MAX_PAIRS]]
        if len(facts["similar"]) > MAX_PAIRS:
            lines.append(f"  and {len(facts['similar']) - MAX_PAIRS} more pairs: see the page")
    for name in ("late", "missing"):
        if facts[name]:
            lines += ["", f"{name}: {', '.join(facts[name])}"]
    lines += ["", *(f"{student}: {message}" for student, message in facts["not graded"])] if facts["not graded"] else []
    return "\n".join(clean(line) for line in lines) + "\n"


def summary_page(facts: dict, pages: dict[str, str]) -> str:
    """The summary as a page; `pages` maps students to the names of their pages."""

    def link(student: str) -> str:
        return f'<a href="{escape(pages[student])}">{text(student)}</a>' if student in pages else text(student)

    largest = max([count for _, count in facts["histogram"]] + [1])
    bars = [
        [text(label), f'<span class=bar style="width:{20 * count / largest:.2f}em"></span> {count or ""}']
        for label, count in facts["histogram"]
    ]
    mistakes = [*facts["mistakes"], ("(wrong, and explained by none)", facts["unexplained"])]
    cases = [[text(name), f"{passed} of {count}"] for name, passed, count in facts["cases"]]
    body = [
        f"<p>{text(', '.join(f'{status} {count}' for status, count in sorted(facts['status'].items())))}</p>",
        "<h2>Points</h2>" + table(bars, ["points", "students"]),
        "<h2>Mistakes</h2>" + table([[text(name), str(count)] for name, count in mistakes], ["mistake", "students"]),
        "<h2>Cases</h2>" + table(cases, ["case", "passed by"]),
    ]
    if facts["identical"] or facts["similar"]:
        body.append(
            "<h2>Alike</h2><p>Short functions that follow one formula are often alike; this proves nothing.</p>"
        )
        groups = [[", ".join(map(link, group)), "identical but for names and layout"] for group in facts["identical"]]
        pairs = [[f"{link(a)}, {link(b)}", f"{share:.0%}"] for a, b, share in facts["similar"]]
        body.append(table(groups + pairs))
    for name in ("late", "missing"):
        if facts[name]:
            body.append(f"<h2>{name.capitalize()}</h2><p>{', '.join(map(link, facts[name]))}</p>")
    if facts["not graded"]:
        rows = [[link(student), text(message)] for student, message in facts["not graded"]]
        body.append("<h2>Not graded</h2>" + table(rows))
    body.append("<h2>Students</h2><p>" + "<br>\n".join(map(link, pages)) + "</p>")
    return page(facts["head"], body)
