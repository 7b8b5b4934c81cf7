"""What the doctor found as one HTML page: what matters in two lines, the details, and the picture inside the file."""

import base64
import html
import io
from pathlib import Path

from dsp.files.writing import write_text_atomically

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font-family: sans-serif; max-width: 1500px; margin: 2em auto; padding: 0 1em }}
h1 {{ font-size: 1.2em }}
img {{ max-width: 100% }}
pre {{ white-space: pre-wrap }}
</style>
</head>
<body>
<h1>{first}</h1>
<p>{second}</p>
<pre>{details}</pre>
<img src="data:image/png;base64,{picture}" alt="{title}">
</body>
</html>
"""


def save_page(title: str, text: str, figure, path: Path) -> None:
    """Writes the page, with the figure inside; it is there whole or not at all.

    Checked: tests/test_doctor_report_shows_the_error.py
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    write_text_atomically(path, as_page(title, text, buffer.getvalue()))


def as_page(title: str, text: str, png: bytes) -> str:
    """The page as text, with a picture inside; everything that came from a file is escaped.

    Checked: tests/test_doctor_report_shows_the_error.py
    """
    first, second, details = [*text.split("\n", 2), "", ""][:3]
    if second.startswith("  "):  # no second line of the two, already a detail
        second, details = "", "\n".join(filter(None, (second, details)))
    shown = {"title": title, "first": first, "second": second, "details": details}
    escaped = {key: html.escape(value) for key, value in shown.items()}
    return PAGE.format(**escaped, picture=base64.b64encode(png).decode("ascii"))
