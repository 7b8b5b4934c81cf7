"""The mel filters of a MATLAB function."""

import re

import numpy as np

from dsp.conventions.parameters import Convention
from dsp.conventions.sizes import sizes
from dsp.export.matlab_numbers import number
from dsp.mel import filter_edges, hz_to_mel, mel_to_hz

HZ_TO_MEL = {
    "htk": ["    mel = 2595 * log10(1 + f / 700);"],
    "kaldi": ["    mel = 1127 * log(1 + f / 700);"],
    "slaney": [
        "    mel = f / (200 / 3);                              % up to 1 kHz",
        "    high = f >= 1000;",
        "    mel(high) = 15 + log(f(high) / 1000) / (log(6.4) / 27);",
    ],
}
MEL_TO_HZ = {
    "htk": ["    f = 700 * (10 .^ (mel / 2595) - 1);"],
    "kaldi": ["    f = 700 * (exp(mel / 1127) - 1);"],
    "slaney": [
        "    f = mel * (200 / 3);                              % up to 15 mel",
        "    high = mel >= 15;",
        "    f(high) = 1000 * exp((mel(high) - 15) * (log(6.4) / 27));",
    ],
}


def mel_lines(c: Convention, rate: float) -> list[str]:
    """From the spectrum to the outputs of the filters.

    Checked: tests/test_matlab_code_equals_dsp.py
    """
    if c.n_mels is None:
        return ["", "    % No filters", "    mel = power;", "    steps.mel = mel;"]
    size = sizes(c, rate)
    n_mels = filter_edges(c.n_mels, size.n_fft, rate, c.f_min, c.f_max, c.mel_scale, c.mel_triangles).center.size
    f_max = number(c.f_max) if c.f_max is not None else "rate / 2"
    lines = [
        "",
        f"    % {n_mels} mel filters, edges equally spaced in mel",
        f"    n_mels = {n_mels};",
        "    edges_mel = hz_to_mel({low}) + 100 * (0:n_mels+1);".replace("{low}", number(c.f_min))
        if c.n_mels == "every 100 mel"
        else f"    edges_mel = linspace(hz_to_mel({number(c.f_min)}), hz_to_mel({f_max}), n_mels + 2);",
        "    edges = mel_to_hz(edges_mel);",
        "    frequency = (0:floor(n_fft/2)) * (rate / n_fft);",
        "    filterbank = zeros(n_mels, numel(frequency));",
    ]
    if c.mel_triangles == "symmetric":
        lines += [
            "    for m = 1:n_mels                                  % both sides as wide as the lower one",
            "        width = edges(m+1) - edges(m);",
            "        filterbank(m, :) = max(0, 1 - abs(frequency - edges(m+1)) / width);",
            "    end",
        ]
    else:
        lines += _triangles(c, rate, size.n_fft, n_mels, f_max)
    cut = c.mel_triangles == "mel, cut at bins"
    if cut:
        lines += [
            f"    filterbank(:, 1:floor({number(c.f_min)} * n_fft / rate + 1.5)) = 0;  % bins below f_min",
            f"    filterbank(:, floor({f_max} * n_fft / rate + 0.5)+1:end) = 0;  % and above f_max",
        ]
    if c.mel_norm == "slaney":
        lines.append("    filterbank = filterbank .* (2 ./ (edges(3:end) - edges(1:end-2)))';  % of equal area")
    elif c.mel_norm == "sum":
        lines += [
            "    sums = sum(filterbank, 2);                        % of sum 1",
            "    sums(sums == 0) = 1;",
            "    filterbank = filterbank ./ sums;",
        ]
    elif c.mel_norm == "doubled":
        lines += [
            "    mirrored = 2:floor((n_fft+1)/2);                  % not 0 Hz, not half the rate",
            "    filterbank(:, mirrored) = 2 * filterbank(:, mirrored);",
        ]
    return [
        *lines,
        "    steps.filterbank = filterbank;",
        "    mel = filterbank * power;",
        "    steps.mel = mel;",
    ]


def _triangles(c: Convention, rate: float, n_fft: int, n_mels: int, f_max: str) -> list[str]:
    """Sides that are straight on an axis: the positions of the bins, and of the edges."""
    bins, edges = {
        "hz": ("frequency", "edges"),
        "mel": ("hz_to_mel(frequency)", "edges_mel"),
        "mel, cut at bins": ("hz_to_mel(frequency)", "edges_mel"),
        "bins": ("0:numel(frequency)-1", "floor((n_fft + 1) * edges / rate)"),
        "stretched": (f"linspace({number(c.f_min)}, {f_max}, numel(frequency))", "edges"),
    }[c.mel_triangles]
    note = "% straight sides on this axis"
    if c.mel_triangles == "bins" and c.framing != "scipy":
        # as numbers: rounding may put an edge on either side of a whole number
        with np.errstate(all="ignore"):
            numbers = _edges_in_bins(c, rate, n_fft, n_mels)
        edges = f"[{' '.join(map(str, numbers))}]"
        note = "% floor((n_fft + 1) edges / rate)"
    rows = re.findall(r".{1,90}(?: |$)", f"    e = {edges};")
    return [
        f"    k = {bins};",
        *(line.rstrip() + (" ..." if i < len(rows) - 1 else f"  {note}") for i, line in enumerate(rows)),
        "    for m = 1:n_mels",
        "        rising = k >= e(m) & k < e(m+1);",
        "        filterbank(m, rising) = (k(rising) - e(m)) / (e(m+1) - e(m));",
        "        falling = k >= e(m+1) & k <= e(m+2) & e(m+2) > e(m+1);",
        "        filterbank(m, falling) = (e(m+2) - k(falling)) / (e(m+2) - e(m+1));",
        "    end",
    ]


def _edges_in_bins(c: Convention, rate: float, n_fft: int, n_mels: int) -> list[int]:
    top = rate / 2 if c.f_max is None else c.f_max
    mels = np.linspace(hz_to_mel(c.f_min, c.mel_scale), hz_to_mel(top, c.mel_scale), n_mels + 2)
    return [int(edge) for edge in np.floor((n_fft + 1) * mel_to_hz(mels, c.mel_scale) / rate)]


def scale_functions(c: Convention) -> list[str]:
    """The functions of the mel scale.

    Checked: tests/test_matlab_code_equals_dsp.py
    """
    if c.n_mels is None:
        return []
    to_mel = ["function mel = hz_to_mel(f)", *HZ_TO_MEL[c.mel_scale], "end", ""]
    return [*to_mel, "function f = mel_to_hz(mel)", *MEL_TO_HZ[c.mel_scale], "end", ""]
