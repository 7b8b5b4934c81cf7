"""The second half of a MATLAB function: cepstra, deltas, and statistics over the clip."""

from dsp.conventions.parameters import Convention
from dsp.export.matlab_numbers import number


def cepstrum_lines(c: Convention) -> list[str]:
    """From levels to the finished features.

    Checked: tests/test_matlab_code_equals_dsp.py
    """
    n = c.n_mfcc or 0
    numbers = {"first": f"0:{n - 1}", "last": f"[1:{n} 0]", "none": f"1:{n}"}[c.c0]
    lines = [
        "",
        f"    % Cepstrum: the DCT of type {'I' * c.dct_type} of each frame",
        "    N = size(level, 1);",
        f"    k = ({numbers})';{' ' * 30}% coefficients in the order of the rows",
        "    m = 0:N-1;",
    ]
    if n + (c.c0 != "first") > 1:
        lines += ["    if max(k) >= N", "        error('too few levels for so many cepstra');", "    end"]
    scale = {
        "ortho": "sqrt((1 + ({} > 0)) / N)",
        "htk": "sqrt(2 / N)",
        None: "2" if c.dct_type == 2 else "(1 + ({} > 0))",
        "sum": "1" if c.dct_type == 2 else "((1 + ({} > 0)) / 2)",
    }[c.dct_norm]
    if c.dct_type == 2:
        lines.append(f"    C = {scale.format('k')} .* cos(pi * k * (2 * m + 1) / (2 * N));")
    else:
        lines.append(f"    C = {scale.format('m')} .* cos(pi * (2 * k + 1) * m / (2 * N));")
    lines += ["    cepstrum = C * level;", "    steps.cepstrum = cepstrum;"]
    if c.lifter:
        first = f"({c.lifter_first} + k)" if c.lifter_first else "k"
        length = number(c.lifter)
        lines.append(f"    liftered = (1 + {length} / 2 * sin(pi * {first} / {length})) .* cepstrum;")
    else:
        lines.append("    liftered = cepstrum;")
    lines += _energy(c)
    if c.smoothing > 1:
        lines.append(f"    liftered = smooth_rows(liftered, {c.smoothing});")
    lines.append("    steps.liftered = liftered;")
    rows = "liftered"
    if c.delta_orders:
        lines += ["", "    % Deltas", *_delta_calls(c)]
        rows = "[liftered; deltas]"
    lines += ["", "    % The features", f"    mfcc = {rows};", *normalization_lines(c, "mfcc")]
    return [*lines, "    steps.mfcc = mfcc;", "    features = mfcc;"]


def _energy(c: Convention) -> list[str]:
    if c.energy == "replaces c0":
        return [f"    liftered({'end' if c.c0 == 'last' else '1'}, :) = log_energy;"]
    if c.energy == "first":
        return ["    liftered = [log_energy; liftered];"]
    return ["    liftered = [liftered; log_energy];"] if c.energy == "last" else []


def _delta_calls(c: Convention) -> list[str]:
    width = c.delta_width
    lines = [f"    first_order = slopes(liftered, {width}, 1);"]
    if c.delta_orders == 1:
        return [*lines, "    deltas = first_order;", "    steps.deltas = deltas;"]
    if c.delta_second == "delta of delta":
        lines.append(f"    second_order = slopes(first_order, {width}, 1);")
    elif c.delta_second == "curvature":
        lines.append(f"    second_order = slopes(liftered, {width}, 2);       % of a fitted parabola")
    else:
        lines += [
            f"    extended = [liftered repeat_last(liftered, {width // 2})];  % the last frame repeated",
            f"    second_order = slopes(slopes(extended, {width}, 1), {width}, 1);",
            "    second_order = second_order(:, 1:size(liftered, 2));",
        ]
    return [*lines, "    deltas = [first_order; second_order];", "    steps.deltas = deltas;"]


def normalization_lines(c: Convention, rows: str) -> list[str]:
    """Every row over the clip; nothing if the convention has none.

    Checked: tests/test_matlab_code_equals_dsp.py
    """
    if c.normalization is None:
        return []
    lines = [f"    T = size({rows}, 2);"]
    mean = f"    {rows} = {rows} - sum({rows}, 2) / T;"
    if c.normalization == "mean":
        return [*lines, f"{mean}  % minus its mean over the clip"]
    eps = number(c.normalization_eps)
    root = f"sqrt(variance + {eps})" if c.normalization_eps_to == "variance" else f"sqrt(variance) + {eps}"
    return [
        *lines,
        f"    greatest = max(abs({rows}), [], 2);",
        f"{mean}  % minus its mean over the clip",
        f"    variance = sum({rows} .^ 2, 2) / max(1, T - {c.normalization_ddof});",
        f"    deviation = {root};",
        "    deviation(sqrt(variance) <= 16 * eps * greatest) = Inf;  % constant but for rounding: becomes 0",
        "    deviation(deviation == 0) = Inf;",
        f"    {rows} = {rows} ./ deviation;",
    ]


SMOOTH = """\
function y = smooth_rows(x, width)
% The average over `width` frames; the first and the last frame are repeated beyond the ends.
    T = size(x, 2);
    y = zeros(size(x));
    for shift = -(width-1)/2:(width-1)/2
        y = y + x(:, min(max((1:T) + shift, 1), T));
    end
    y = y / width;
end
"""
SLOPES_HEAD = """\
function d = slopes(x, width, order)
% The slope (order 1) of a line, or the curvature (order 2) of a parabola, fitted to `width` frames around each.
    T = size(x, 2);
    M = (width - 1) / 2;
    n = -M:M;
    if order == 1
        w = n / sum(n .^ 2);
    else
        w = n .^ 2 - sum(n .^ 2) / width;
        w = 2 * w / sum(w .^ 2);
    end
"""
REPLICATE = """\
    d = zeros(size(x));
    for j = 1:width                                       % the first and the last frame are repeated
        d = d + w(j) * x(:, min(max((1:T) + n(j), 1), T));
    end
end
"""
INTERP = """\
    if T < width
        error('too few frames for deltas');
    end
    d = zeros(size(x));
    for t = 1:T
        middle = min(max(t, 1 + M), T - M);               % at the ends the nearest whole window
        d(:, t) = x(:, middle + n) * w';
    end
end
"""
REPEAT_LAST = """\
function y = repeat_last(x, times)
    y = x(:, end * ones(1, times));
end
"""


def helper_functions(c: Convention, kind: str) -> list[str]:
    """The local functions that the second half calls.

    Checked: tests/test_matlab_code_equals_dsp.py
    """
    if kind != "mfcc":
        return []
    texts = []
    if c.smoothing > 1:
        texts.append(SMOOTH)
    if c.delta_orders:
        texts.append(SLOPES_HEAD + (REPLICATE if c.delta_edges == "replicate" else INTERP))
        if c.delta_orders == 2 and c.delta_second == "delta of delta, extended":
            texts.append(REPEAT_LAST)
    return texts
