"""Compares two pictures, or two trees of pictures, pixel by pixel, and names the cause of the difference.

A cause is named only if it explains every byte. What happened to a finished picture (turned over, channels
exchanged, gray, JPEG, resized) is decided from the pictures alone; the window, the colormap, the resizing and other
steps before that need the recording (--audio).
"""

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import numpy as np

from dsp.files.commands import check_output_file, exit_status
from dsp.files.extras import require
from dsp.files.naming import printable
from spectrogram_images.compare.measures import Comparison, compare_images, read_picture
from spectrogram_images.compare.picture import MAX_ROWS, save_report, sentence
from spectrogram_images.compare.trees import Pair, find_pairs, read_signal

MAX_LISTED = 30  # pairs that differ; --json lists all
MAX_SEARCHES = 3  # of a tree's pairs that nothing explains; the others are tried with what explained some pair

EXAMPLES = """\
examples:
  python -m spectrogram_images.compare matlab.png mine.png --audio "angry (1).wav" --out report.png
  python -m spectrogram_images.compare MATLAB_PNGS MY_PNGS --audio CASIA --json

exit status: 0 all pixels are the same; 1 some differ, or a picture has no partner; 2 bad input or usage;
130 interrupted
"""


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    return exit_status(lambda: _run(options), target=options.out)


def _run(options) -> int:
    if options.out:
        check_output_file(options.out)
        require("matplotlib.figure", feature="drawing the report", extra="images")
    pairs, only_a, only_b = find_pairs(options.a, options.b, options.audio)
    compared: list[tuple[Pair, Comparison]] = []
    pictures: list[tuple[str, np.ndarray, np.ndarray, Comparison]] = []
    unreadable: list[str] = []
    remembered: list = []
    n_searched = 0
    for pair in _with_progress(pairs):
        try:
            a, b = read_picture(pair.a), read_picture(pair.b)
            signal = read_signal(pair.audio) if pair.audio else None
            time_limit = options.time_limit if n_searched < MAX_SEARCHES else 0
            comparison = compare_images(a, b, signal, time_limit, remembered)
        except ValueError as error:
            if len(pairs) == 1:
                raise
            unreadable.append(printable(str(error)))
            continue
        n_searched += not comparison.explained
        compared.append((pair, comparison))
        if not comparison.same and len(pictures) < MAX_ROWS:
            pictures.append((printable(pair.name), a, b, comparison))
    if options.out:
        if not pictures and len(pairs) == 1:
            pictures = [(printable(pairs[0].name), a, b, compared[0][1])]
        if pictures:
            save_report(options.out, pictures, _title(compared))
    if options.json:
        print(json.dumps(_as_dict(compared, only_a, only_b, unreadable), indent=1))
    else:
        print(_as_text(compared, only_a, only_b))
    for line in unreadable:
        print(f"error: {line}", file=sys.stderr)
    if unreadable or not compared:
        return 2
    return int(bool(only_a or only_b) or not all(comparison.same for _, comparison in compared))


def _with_progress(pairs: list[Pair]):
    if len(pairs) < 2:
        return pairs
    tqdm = require("tqdm", feature="comparing trees", extra="images").tqdm
    return tqdm(pairs, unit="pair", leave=False, disable=None)


def _title(compared: list[tuple[Pair, Comparison]]) -> str:
    if len(compared) == 1:
        return "A and B have the same pixels" if compared[0][1].same else "A and B differ"
    return f"{sum(not comparison.same for _, comparison in compared)} of {len(compared)} pairs differ"


def _as_text(compared: list[tuple[Pair, Comparison]], only_a: list[str], only_b: list[str]) -> str:
    if len(compared) == 1 and not only_a and not only_b:
        return describe_comparison(compared[0][1])
    lines = [f"only in A: {printable(name)}" for name in only_a] + [f"only in B: {printable(name)}" for name in only_b]
    different = [(pair, comparison) for pair, comparison in compared if not comparison.same]
    if different:
        lines += [f"{'pair':30} {'pixels':>8} {'greatest':>8} {'PSNR dB':>8} {'SSIM':>7}  cause"]
        lines += [_row(pair, comparison) for pair, comparison in different[:MAX_LISTED]]
        if different[MAX_LISTED:]:
            lines.append(f"... and {len(different) - MAX_LISTED} more pairs that differ (--json lists all)")
    counts = Counter("the same pixels" if c.same else _reason(c) for _, c in compared)
    lines += ["", f"{len(compared)} pairs, {len(only_a)} pictures only in A, {len(only_b)} only in B"]
    lines += [f"{count:6}  {reason}" for reason, count in counts.most_common()]
    return "\n".join(lines)


def describe_comparison(comparison: Comparison) -> str:
    """One comparison for people: how far apart, then the cause or that there is none.

    Checked: tests/test_image_comparison.py
    """
    if comparison.same:
        return f"the same pixels ({comparison.size_a[1]} x {comparison.size_a[0]})"
    found = comparison.explanation
    if comparison.n_different is None:
        (ha, wa), (hb, wb) = comparison.size_a, comparison.size_b
        lines = [f"different sizes: A {wa} x {ha}, B {wb} x {hb} (width x height)"]
    else:
        share = comparison.n_different / (comparison.size_a[0] * comparison.size_a[1])
        lines = [
            f"different: {comparison.n_different} pixels ({share:.2%}), greatest difference "
            f"{comparison.max_difference} of 255, PSNR {comparison.psnr_db:.2f} dB, {_ssim(comparison)}"
        ]
    if found.original:
        lines.append(f"{'A' if found.altered == 'B' else 'B'}: {found.original}")
    if found.causes:
        lines.append("cause, explains every byte:" + (f" {found.altered} has" if found.altered else ""))
        lines += [f"  {cause.kind}: {cause.detail}" for cause in found.causes]
        lines += [f"  or just as well: {'; '.join(c.detail for c in other)}" for other in found.alternatives]
    else:
        lines.append(f"not explained: {found.note}")
    return "\n".join(lines)


def _row(pair: Pair, comparison: Comparison) -> str:
    name = printable(pair.name)
    name = name if len(name) <= 30 else "..." + name[-27:]
    if comparison.n_different is None:
        return f"{name:30} {'sizes differ':>33}  {_reason(comparison)}"
    ssim = "-" if comparison.ssim is None else f"{comparison.ssim:.4f}"
    numbers = f"{comparison.n_different:8} {comparison.max_difference:8} {comparison.psnr_db:8.2f} {ssim:>7}"
    return f"{name:30} {numbers}  {_reason(comparison)}"


def _reason(comparison: Comparison) -> str:
    """The cause without what is special to one pair, so that pairs can be counted by it."""
    return sentence(comparison) if comparison.explained else "not explained"


def _ssim(comparison: Comparison) -> str:
    return "SSIM -" if comparison.ssim is None else f"SSIM {comparison.ssim:.4f}"


def _as_dict(
    compared: list[tuple[Pair, Comparison]], only_a: list[str], only_b: list[str], unreadable: list[str]
) -> dict:
    pairs = []
    for pair, comparison in compared:
        facts = asdict(comparison)
        explanation = facts.pop("explanation")
        pairs.append(
            {"a": printable(pair.a), "b": printable(pair.b), **facts, "explained": comparison.explained, **explanation}
        )
    return {
        "same": not (only_a or only_b or unreadable) and all(comparison.same for _, comparison in compared),
        "pairs": pairs,
        "only_in_a": [printable(name) for name in only_a],
        "only_in_b": [printable(name) for name in only_b],
        "unreadable": unreadable,
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m spectrogram_images.compare",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("a", type=Path, metavar="A", help="a picture, or a folder of pictures")
    parser.add_argument("b", type=Path, metavar="B", help="the other one")
    parser.add_argument(
        "--audio",
        type=Path,
        metavar="WAV",
        help="the recording that A or B shows; for folders, the folder of recordings",
    )
    parser.add_argument("--out", type=Path, metavar="PNG", help="draw both pictures and their difference")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.add_argument(
        "--time-limit", type=float, default=60.0, metavar="S", help="seconds for each search with a recording (60)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
