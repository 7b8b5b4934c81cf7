"""One process of GNU Octave that calls the MATLAB functions of dsp.export.matlab, as its start takes a second."""

import shutil
import subprocess
import threading
from pathlib import Path

import numpy as np

LIMIT_S = 300  # for one call; a process that hangs ends then
SERVER = """\
function serve()
% Reads calls, one a line: folder, function, signal, result. Writes a matrix of doubles behind its size, or the error's
% text; answers with the milliseconds that the call took.
    while true
        try
            line = input('', 's');                         % fgetl would wait for the line after this one
        catch
            break                                          % nothing more to read
        end
        parts = strsplit(line, "\\t");
        addpath(parts{1});
        f = fopen(parts{3}); x = fread(f, Inf, 'double'); fclose(f);
        started = tic; ms = -1;
        try
            [y, steps] = feval(parts{2}, x);
            ms = 1e3 * toc(started);
            save_matrix([parts{4} '.bin'], y);
            names = fieldnames(steps);
            for s = 1:numel(names)
                save_matrix([parts{4} '.' names{s} '.bin'], steps.(names{s}));
            end
        catch failed
            f = fopen([parts{4} '.txt'], 'w'); fputs(f, failed.message); fclose(f);
        end
        rmpath(parts{1});
        printf("%.6f\\n", ms); fflush(stdout);
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


def find_octave() -> str:
    """The path of Octave; FileNotFoundError, an OSError, where there is none."""
    found = shutil.which("octave-cli") or shutil.which("octave")
    if found is None:
        raise FileNotFoundError("GNU Octave is not installed; MATLAB code cannot be tried here")
    return found


class Octave:
    """A running process; `folder` takes its files. To be closed, or used in a `with`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        (self.folder / "serve.m").write_text(SERVER)
        command = [find_octave(), "--no-gui", "--quiet", "--norc", "--path", str(self.folder), "--eval", "serve()"]
        self._process = subprocess.Popen(
            command,
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.ms = 0.0  # of the last call

    def call(self, file: Path, signal: np.ndarray) -> np.ndarray:
        """What the function in `file` returns for a signal, (rows, frames); OctaveError with what it refuses."""
        for old in self.folder.glob("result.*"):
            old.unlink()
        signal.astype(np.float64).tofile(self.folder / "signal.f64")
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write("\t".join([str(file.resolve().parent), file.stem, "signal.f64", "result"]) + "\n")
        self._process.stdin.flush()
        guard = threading.Timer(LIMIT_S, self._process.kill)
        guard.start()
        answer = self._process.stdout.readline()
        guard.cancel()
        if not answer:
            raise RuntimeError("Octave ended")
        self.ms = float(answer)
        if self.ms < 0:
            raise OctaveError((self.folder / "result.txt").read_text())
        return _read_matrix(self.folder / "result.bin")

    def steps(self) -> dict[str, np.ndarray]:
        """The steps of the last call by name."""
        return {path.name.split(".")[1]: _read_matrix(path) for path in self.folder.glob("result.*.bin")}

    def close(self) -> None:
        """Ends the process, which has nothing more to read."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> "Octave":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _read_matrix(path: Path) -> np.ndarray:
    values = np.fromfile(path)
    rows, columns, is_complex = values[:3].astype(int)
    values = values[3:]
    if is_complex:
        values = values[: rows * columns] + 1j * values[rows * columns :]
    return values.reshape(columns, rows).T
