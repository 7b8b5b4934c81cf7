"""A convention as one MATLAB function that GNU Octave runs too: every step with its formula, no toolbox."""

import os
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dsp._version import __version__
from dsp.checks import as_sample_rate, as_word
from dsp.conventions.fingerprint import fingerprint
from dsp.conventions.parameters import Convention
from dsp.conventions.registry import named
from dsp.conventions.sizes import sizes
from dsp.engine.extract import FeatureKind
from dsp.export.generated import check_identifier, check_replaceable, comment_text
from dsp.export.matlab_cepstra import cepstrum_lines, helper_functions, normalization_lines
from dsp.export.matlab_filters import mel_lines, scale_functions
from dsp.export.matlab_numbers import number
from dsp.files.commands import check_output_file
from dsp.files.writing import write_text_atomically
from dsp.mfcc import MIN_LOG_ARGUMENT, make_filterbank, make_window, require_cepstrum

MAX_N_FFT = 2**20
MAX_FILTERBANK = 2**24  # numbers: 128 MB
# A file of such a name would hide the function that it calls.
USED = frozenset(
    "abs all any cos double eps error exp fft floor hz_to_mel imag isa isfinite isnumeric isreal isvector linspace log "
    "log10 max mel_to_hz min mod nargin nextpow2 numel ones pi real repeat_last reshape sin size slopes smooth_rows "
    "sqrt sum zeros".split()
)
COUNTS = {  # of frames, as dsp.framing.frame_count has them
    "valid": "1 + floor((n - frame_length) / hop)",
    "valid, centered": "1 + floor((n - frame_length) / hop)",
    "center, zeros": "1 + floor((n + 2 * floor(frame_length / 2) - frame_length) / hop)",
    "center, reflect": "1 + floor((n + 2 * floor(frame_length / 2) - frame_length) / hop)",
    "half overlap, reflect": "1 + floor((n + 2 * before - frame_length) / hop)",
    "pad tail": "1 - floor(min(0, frame_length - n) / hop)",
    "every hop": "-floor(-n / hop)",
    "symmetric": "floor((n + floor(hop / 2)) / hop)",
    "scipy": "1 - floor((frame_length - n - 2 * floor(frame_length / 2)) / hop)",
}
BEFORE = {
    "valid": "0",
    "valid, centered": "-floor(mod(n - frame_length, hop) / 2)",
    "center, zeros": "floor(frame_length / 2)",
    "center, reflect": "floor(frame_length / 2)",
    "half overlap, reflect": "max(0, floor((frame_length - hop) / 2))",
    "pad tail": "0",
    "every hop": "0",
    "symmetric": "floor(frame_length / 2) - floor(hop / 2)",
    "scipy": "floor(frame_length / 2)",
}
WINDOWS = {  # of i = 0 .. L - 1; M intervals
    "hamming": "0.54 - 0.46 * cos(2 * pi * i / M)",
    "hann": "0.5 - 0.5 * cos(2 * pi * i / M)",
    "povey": "(0.5 - 0.5 * cos(2 * pi * i / M)) .^ 0.85",
    "blackman": "0.42 - 0.5 * cos(2 * pi * i / M) + 0.08 * cos(4 * pi * i / M)",
    "blackman harris": "0.35875 - 0.48829 * cos(2 * pi * i / M) + 0.14128 * cos(4 * pi * i / M) "
    "- 0.01168 * cos(6 * pi * i / M)",
    "bartlett": "1 - abs(2 * i / M - 1)",
    "gaussian": "(exp(-48 * ((i - M / 2) / (M + 2)) .^ 2) - exp(-12)) / (1 - exp(-12))",
    "sine": "sqrt(max(0, 0.5 - 0.5 * cos(2 * pi * i / M)))",
    "tukey": "0.5 - 0.5 * cos(pi * min(1, 2 * min(i, M - i) / (0.25 * M)))",
}
LOGS = {"ln": "log({})", "log10": "log10({})", "10 log10": "10 * log10({})", "20 log10": "20 * log10({})"}


@dataclass(frozen=True)
class MatlabFile:
    """What `write_matlab` wrote."""

    name: str  # of the function
    path: Path
    kind: FeatureKind


def write_matlab(
    convention: str | Convention,
    sample_rate: float,
    path: str | os.PathLike[str],
    *,
    kind: FeatureKind | None = None,
) -> MatlabFile:
    """Writes a convention as one MATLAB function, which runs in GNU Octave too and needs no toolbox.

        features = NAME(samples)             (rows, frames), as dsp.mfcc or dsp.log_mel
        [features, steps] = NAME(samples)    also every step of dsp.trace: steps.frames, steps.window, steps.mel ..
        features = NAME(samples, fs)         refuses samples at another rate

    Windows, filters and the DCT are computed by their formulas in the file. Results equal those of dsp to 1e-10 of the
    largest value; where a value is the logarithm of rounding, it differs as rounding does.

    Parameters
    ----------
    convention : a name in CONVENTIONS or a Convention
    sample_rate : Hz, of the samples that the function will get
    path : NAME.m, NAME a name that MATLAB takes for a function; an earlier export is replaced, other files never
    kind : "mfcc" or "log_mel"; None takes "mfcc" if the convention has cepstra

    Returns
    -------
    file : MatlabFile

    Raises
    ------
    ValueError  for a convention with dither or one that does not fit the rate, an unknown word, a path that is no name
        of a function, or a file that is no earlier export.
    OSError  if the file cannot be written.

    Source: MathWorks, documentation of functions. Checked: tests/test_matlab_code_equals_dsp.py
    """
    c = named(convention)
    as_sample_rate(sample_rate)
    final: FeatureKind = "log_mel" if c.n_mfcc is None else "mfcc"
    kind = final if kind is None else as_word(kind, "kind", ("mfcc", "log_mel"))
    if kind == "mfcc":
        require_cepstrum(c)
    if c.dither:
        raise ValueError(f"dither={c.dither:g} adds noise, which no other program can repeat; set dither=0")
    _check_fits(c, sample_rate, kind or final)
    path = Path(path)
    if path.suffix != ".m":
        raise ValueError(f"{path.name!r} does not end in .m")
    name = check_identifier(path.stem, "the file's name")
    if name in USED:
        raise ValueError(f"a file {name}.m would hide the function {name} of MATLAB or of this file; take another name")
    check_output_file(path)
    check_replaceable(path)
    write_text_atomically(path, matlab_text(c, sample_rate, kind or final, name))
    return MatlabFile(name, path, kind or final)


def _check_fits(c: Convention, sample_rate: float, kind: str) -> None:
    size = sizes(c, sample_rate)
    if size.n_fft > MAX_N_FFT:
        raise ValueError(f"n_fft={size.n_fft}: at most {MAX_N_FFT} points are written as MATLAB code")
    bins = size.n_fft // 2 + 1
    n_mels = c.n_mels if isinstance(c.n_mels, int) else 1
    if n_mels * bins > MAX_FILTERBANK:
        raise ValueError(f"n_mels={n_mels} filters over {bins} bins: at most {MAX_FILTERBANK} numbers are expected")
    make_window(size, c)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of empty filters
        levels = bins if c.n_mels is None else len(make_filterbank(size, sample_rate, c))
    needed = c.n_mfcc + (c.c0 != "first") if c.n_mfcc is not None and kind == "mfcc" else 0
    if needed > levels:
        raise ValueError(f"{needed} cepstral coefficients, c0 among them, cannot come from {levels} levels")


def matlab_text(c: Convention, sample_rate: float, kind: FeatureKind, name: str) -> str:
    """The .m file.

    Checked: tests/test_matlab_code_equals_dsp.py
    """
    lines = [
        *_head(c, sample_rate, kind, name),
        *_signal(c),
        *_sizes(c, sample_rate),
        *_frames(c),
        *_window(c, sizes(c, sample_rate).window),
        *_windowed(c),
        *_power(c),
        *mel_lines(c, sample_rate),
        *_log(c),
        *_log_mel(c, kind),
    ]
    if kind == "mfcc":
        lines += cepstrum_lines(c)
    lines += ["end", ""]
    lines += scale_functions(c)
    lines += helper_functions(c, kind)
    return "\n".join(lines)


def _head(c: Convention, rate: float, kind: str, name: str) -> list[str]:
    tool = comment_text(c.tool) or "a convention made by hand"
    what = "Log-mel values" if kind == "log_mel" else "Cepstra"
    return [
        f"function [features, steps] = {name}(samples, sample_rate)",
        f"%{name.upper()}  {what} of {tool} at {rate:g} Hz.",
        "%",
        f"%   features = {name}(samples)            one column a frame",
        f"%   [features, steps] = {name}(samples)   also every step: steps.frames, steps.spectrum ..",
        f"%   features = {name}(samples, fs)        refuses samples at another rate",
        "%",
        "%   samples: a vector in -1 .. 1, as audioread returns it (one channel).",
        f"%   Convention {fingerprint(c)}, {kind}. MATLAB R2016b or later, or GNU Octave; no toolbox.",
        f"%   Written by ser-from-scratch {__version__}: change the convention, not this file, and write it again.",
        "",
        f"    rate = {number(rate)};",
        "    if nargin > 1 && sample_rate ~= rate",
        f"        error('{name}:rate', 'samples at %g Hz; {rate:g} Hz are expected', sample_rate);",
        "    end",
        "    if ~isnumeric(samples) || ~isreal(samples) || ~isvector(samples) || ~all(isfinite(samples))",
        f"        error('{name}:samples', 'a vector of finite real numbers is expected');",
        "    end",
        "    if ~isa(samples, 'double') && ~isa(samples, 'single')",
        f"        error('{name}:samples', 'integers: divide them by their full scale first, as by 32768');",
        "    end",
        "    x = double(samples(:));",
        "    n = numel(x);",
    ]


def _emphasis(c: Convention, of: str, axis: str) -> list[str]:
    """Lines for y[n] = x[n] - a x[n-1] of a vector, or of the columns of a matrix."""
    a, rest = number(c.preemphasis), ", :" if axis == "columns" else ""
    first = {
        "keep": f"{of}(1{rest})",
        "replicate": f"(1 - {a}) * {of}(1{rest})",
        "extrapolate": f"3 * {of}(1{rest}) - {of}(2{rest})",
    }[c.preemphasis_first]
    return [f"    {of} = [{first}; {of}(2:end{rest}) - {a} * {of}(1:end-1{rest})];"]


def _signal(c: Convention) -> list[str]:
    lines = ["", "    % The signal"]
    if c.scale != 1:
        lines.append(f"    x = {number(c.scale)} * x;")
    if c.dc_removal == "signal":
        lines.append("    x = x - sum(x) / n;")
    if c.preemphasis and c.preemphasis_in == "signal":
        lines.append("    % y[n] = x[n] - a x[n-1]")
        if c.preemphasis_first == "extrapolate":
            lines += ["    if n < 2", "        error('too few samples');", "    end"]
        lines += _emphasis(c, "x", "vector")
    return [*lines, "    steps.signal = x;"]


def _sizes(c: Convention, rate: float) -> list[str]:
    """Lengths in samples; where the tool shortens its window for a short clip, as formulas."""
    size = sizes(c, rate)
    lines = ["", "    % Lengths in samples"]
    if c.framing != "scipy":
        lines += [f"    window_length = {size.window};", f"    hop = {size.hop};", f"    n_fft = {size.n_fft};"]
    else:
        lines.append(f"    window_length = min({size.window}, n);                % shorter for a shorter clip")
        half = c.hop_length is None and c.hop_length_s is None
        lines.append(f"    hop = {'window_length - floor(window_length / 2)' if half else size.hop};")
        words = {"frame length": "window_length", "power of two": "2 ^ nextpow2(window_length)"}
        lines.append(f"    n_fft = {words[c.n_fft] if isinstance(c.n_fft, str) else c.n_fft};")
    return [*lines, f"    frame_length = {'n_fft' if c.window_alignment == 'center' else 'window_length'};"]


def _frames(c: Convention) -> list[str]:
    lines = [
        "",
        "    % Frames: frames(i, t) = x[i + t hop - before]",
        f"    before = {BEFORE[c.framing]};",
        f"    n_frames = {COUNTS[c.framing]};",
    ]
    if c.last_frame == "dropped":
        lines.append("    n_frames = n_frames - 1;                          % this tool drops the last frame")
    refused = ["n_frames < 1"]
    reflects = c.framing in ("center, reflect", "half overlap, reflect")
    if reflects:
        refused.append("n <= before")
    lines += [f"    if {' || '.join(refused)}", "        error('too few samples for a frame');", "    end"]
    lines.append("    index = (0:frame_length-1)' + hop * (0:n_frames-1) - before;")
    if reflects:
        lines += [
            "    period = max(1, 2 * (n - 1));                     % mirrored about the first and the last sample",
            "    index = mod(index, period);",
            "    index = min(index, period - index);",
            "    frames = reshape(x(index + 1), size(index));",
        ]
    elif c.framing == "symmetric":
        lines += [
            "    index = mod(index, 2 * n);                        % mirrored, with the samples at the edges twice",
            "    index = min(index, 2 * n - 1 - index);",
            "    frames = reshape(x(index + 1), size(index));",
        ]
    elif c.framing in ("valid", "valid, centered"):
        lines.append("    frames = reshape(x(index + 1), size(index));")
    else:
        lines += [
            "    inside = index >= 0 & index < n;                  % zeros elsewhere",
            "    frames = zeros(size(index));",
            "    frames(inside) = x(index(inside) + 1);",
        ]
    return [*lines, "    steps.frames = frames;"]


def _window(c: Convention, window_length: int) -> list[str]:
    lines = ["", f"    % The {c.window} window, {c.window_symmetry}"]
    if c.window == "rectangular":
        lines.append("    window = ones(window_length, 1);")
    else:
        intervals = "window_length" if c.window_symmetry == "periodic" else "window_length - 1"
        formula = ["    i = (0:window_length-1)';", f"    M = {intervals};", f"    window = {WINDOWS[c.window]};"]
        if c.framing == "scipy" or window_length == 1:  # one sample, in a clip of one
            formula += ["    if window_length == 1", "        window = 1;", "    end"]
        lines += formula
    if c.window_alignment == "center":
        lines += [
            "    zeros_before = floor((frame_length - window_length) / 2);",
            "    zeros_after = frame_length - window_length - zeros_before;",
            "    window = [zeros(zeros_before, 1); window; zeros(zeros_after, 1)];",
        ]
    return [*lines, "    steps.window = window;"]


def _windowed(c: Convention) -> list[str]:
    lines = ["", "    % Each frame"]
    if c.dc_removal == "frame":
        lines.append("    frames = frames - sum(frames, 1) / frame_length;  % its mean")
    if _uses_energy(c) and c.energy_of == "raw frame":
        lines.append("    energy = sum(frames .^ 2, 1);")
    if c.preemphasis and c.preemphasis_in == "frame":
        lines += ["    % y[n] = x[n] - a x[n-1] inside the frame", *_emphasis(c, "frames", "columns")]
    lines += ["    windowed = frames .* window;", "    steps.windowed = windowed;"]
    if _uses_energy(c) and c.energy_of == "windowed frame":
        lines.append("    energy = sum(windowed .^ 2, 1);")
    return lines


def _uses_energy(c: Convention) -> bool:
    return c.energy is not None or c.mel_energy is not None


def _power(c: Convention) -> list[str]:
    lines = [
        "",
        "    % Spectrum: X[k, t] = sum over i of windowed(i, t) exp(-2 pi j k i / n_fft), k = 0 .. n_fft / 2",
        "    spectrum = fft(windowed, n_fft, 1);",
        "    spectrum = spectrum(1:floor(n_fft/2)+1, :);",
        "    steps.spectrum = spectrum;",
        "    power = real(spectrum) .^ 2 + imag(spectrum) .^ 2;",
    ]
    divisor = {
        "n_fft": "n_fft",
        "window sum": "sum(window) ^ 2",
        "window energy": "sum(window .^ 2)",
        "density": "(rate * sum(window .^ 2))",
        "praat": "(n_fft * sum(window .^ 2) * window_length / max(1, window_length - 1))",
    }
    if c.spectrum_norm is not None:
        lines.append(f"    power = power / {divisor[c.spectrum_norm]};")
    if c.spectrum_scaling == "one-sided, doubled":
        lines += [
            "    mirrored = 2:floor((n_fft+1)/2);                  % not 0 Hz, not half the rate",
            "    power(mirrored, :) = 2 * power(mirrored, :);",
        ]
    if c.spectrum == "magnitude":
        floored = "power"
        if c.spectrum_floor:
            floor = number(c.spectrum_floor)
            floored = f"max(power, {floor})" if c.spectrum_floor_rule == "at least" else f"power + {floor}"
        lines.append(f"    power = sqrt({floored});{' ' * 32}% a magnitude")
    lines.append("    steps.power = power;")
    if _uses_energy(c) and c.energy_of == "spectrum":
        lines.append("    energy = sum(power, 1);")
    return lines


def _log(c: Convention) -> list[str]:
    """From mel values to levels."""
    lines = ["", "    % Levels"]
    if c.log is None:
        lines.append("    level = mel;                                      % no logarithm")
    else:
        floor, least = number(c.floor), f"2 ^ {round(np.log2(MIN_LOG_ARGUMENT))}"
        if c.floor_rule == "at least":
            lines.append(f"    level = max(mel, {floor});")
        elif c.floor_rule == "add":
            lines.append(f"    level = mel + {floor};")
        elif c.floor_rule == "zeros only":
            lines += ["    level = mel;", f"    level(level == 0) = {floor};"]
        else:
            of = "mel(:)" if c.floor_rule == "fraction of maximum" or c.n_mels is None else "used(:)"
            if of == "used(:)":
                lines.append("    used = power(any(filterbank, 1), :);              % bins that a filter uses")
                lines.append("    used = [used(:); 0];")
            lines.append(f"    level = max(mel, {floor} * max({of}));")
        lines.append(f"    level = {LOGS[c.log].format(f'max(level, {least})')};")
        if c.reference == "maximum":
            lines.append("    level = level - max(level(:));                    % the highest becomes 0")
        if c.dynamic_range is not None:
            lines.append(f"    level = max(level, max(level(:)) - {number(c.dynamic_range)});")
    if c.log_gain != 1 or c.log_offset != 0:
        lines.append(f"    level = {number(c.log_gain)} * level + {number(c.log_offset)};")
    if _uses_energy(c):
        least_energy = max(c.energy_floor, MIN_LOG_ARGUMENT)
        lines.append(f"    log_energy = log(max(energy, {number(least_energy)}));")
    return lines


def _log_mel(c: Convention, kind: str) -> list[str]:
    rows = {None: "level", "first": "[log_energy; level]", "last": "[level; log_energy]"}[c.mel_energy]
    lines = [f"    log_mel = {rows};"]
    if c.n_mfcc is None:
        lines += normalization_lines(c, "log_mel")
    lines.append("    steps.log_mel = log_mel;")
    if kind == "log_mel":
        lines.append("    features = log_mel;")
    return lines
