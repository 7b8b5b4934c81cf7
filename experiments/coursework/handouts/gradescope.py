"""A report as Gradescope's results.json.

Source: https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

from experiments.coursework.classroom.report import clean

VISIBILITIES = ("visible", "after_due_date", "after_published", "hidden")


def results(report: dict, hidden_tests: str = "visible") -> dict:
    """The content of results.json: one test per case; the scores of the tests add up to the report's.

    report : of check.check; or one with the key "error", if there was nothing to check
    hidden_tests : when students see the results of the hidden cases, one of VISIBILITIES

    Checked: tests/test_coursework_labs.py
    """
    tests = [
        {
            "name": case["name"],
            "score": case["score"],
            "max_score": case["points"],
            "output": case["message"],
            "output_format": "text",
            "visibility": hidden_tests if case["hidden"] else "visible",
        }
        for case in report["cases"]
    ]
    lines = [f"explained by: {name}" for name in report["explained_by"]]
    lines += report.get("questions", [])
    lines += [f"note: {note}" for note in report.get("notes", [])]
    lines += ["your code printed (the end of it):", report["printed"]] if report.get("printed") else []
    lines += [report["error"]] if "error" in report else []
    output = "\n".join(lines).strip()
    return clean(
        {
            "score": report["score"],
            "output": output,
            "output_format": "text",
            "visibility": "visible",
            "stdout_visibility": "hidden",
            "tests": tests,
        }
    )
