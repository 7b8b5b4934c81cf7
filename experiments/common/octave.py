"""Runs the MATLAB functions of dsp.export.matlab in one process of GNU Octave, on many signals."""

import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

RUNNER = """\
function run_calls()
% Lines of calls.txt: function, signal, result. A result is a matrix of doubles behind its size, or the error's text.
    lines = strsplit(fileread('calls.txt'), "\\n");
    for i = 1:numel(lines)
        parts = strsplit(lines{i}, ' ');
        if numel(parts) < 3, continue, end
        f = fopen(parts{2}); x = fread(f, Inf, 'double'); fclose(f);
        try
            [y, steps] = feval(parts{1}, x, parts{4:end});
            save_matrix([parts{3} '.bin'], y);
            names = fieldnames(steps);
            for s = 1:numel(names) * (exist('keep_steps.txt', 'file') > 0)
                save_matrix([parts{3} '.' names{s} '.bin'], steps.(names{s}));
            end
        catch failed
            f = fopen([parts{3} '.txt'], 'w'); fputs(f, failed.message); fclose(f);
        end
    end
end

function save_matrix(name, y)
    f = fopen(name, 'w');
    fwrite(f, [size(y) iscomplex(y)], 'double');
    fwrite(f, real(y), 'double');
    if iscomplex(y), fwrite(f, imag(y), 'double'); end
    fclose(f);
end
"""


class OctaveError(ValueError):
    """The function ended with this error."""


@dataclass(frozen=True)
class Call:
    """A call of the function in `file` with a signal; `name` is that of its result."""

    name: str
    file: Path
    signal: np.ndarray


def octave() -> str:
    """The path of Octave; FileNotFoundError, an OSError, where there is none."""
    found = shutil.which("octave-cli") or shutil.which("octave")
    if found is None:
        raise FileNotFoundError("GNU Octave is not installed; MATLAB code cannot be tried here")
    return found


def run(calls: Iterable[Call], folder: Path, keep_steps: bool = False, timeout_s: float = 600) -> None:
    """Makes all calls in one process; `result` reads what each returned."""
    program = octave()
    (folder / "run_calls.m").write_text(RUNNER)
    if keep_steps:
        (folder / "keep_steps.txt").touch()
    lines, paths = [], set()
    for number, call in enumerate(calls):
        signal = folder / f"signal{number}.f64"
        call.signal.astype(np.float64).tofile(signal)
        paths.add(call.file.resolve().parent)
        lines.append(f"{call.file.stem} {signal.name} {call.name}")
    (folder / "calls.txt").write_text("\n".join(lines) + "\n")
    arguments = [argument for path in sorted(paths) for argument in ("--path", str(path))]
    command = [program, "--no-gui", "--quiet", "--norc", *arguments, "--eval", "run_calls()"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=timeout_s)
    if done.returncode:
        raise RuntimeError(f"Octave ended with {done.returncode}: {done.stderr[-500:]}")


def result(folder: Path, name: str) -> np.ndarray:
    """What a call returned, (rows, columns); OctaveError with its message if it ended with an error."""
    failed = folder / f"{name}.txt"
    if failed.exists():
        raise OctaveError(failed.read_text())
    values = np.fromfile(folder / f"{name}.bin")
    rows, columns, is_complex = values[:3].astype(int)
    values = values[3:]
    if is_complex:
        values = values[: rows * columns] + 1j * values[rows * columns :]
    return values.reshape(columns, rows).T
