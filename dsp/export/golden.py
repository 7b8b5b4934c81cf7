"""Golden vectors: what a port of a convention must compute, step by step, in files that every language reads.

    FOLDER/README.md                    for porters: shapes, order of the steps, tolerances, how to compare
    FOLDER/manifest.json                the presets with their fingerprints, the signals, every file with its SHA-256
    FOLDER/signals/16000/speech.wav     the signals, 16 bits
    FOLDER/kaldi/convention.json        a preset: its parameters, lengths, window, filters
    FOLDER/kaldi/speech.json, .npz      the steps of dsp.trace of one signal, and the tolerances

The same call writes the same bytes on the same machine; on another one the last bits of numbers may differ.
"""

import hashlib
import io
import json
import os
import re
import warnings
import wave
import zipfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsp._version import __version__
from dsp.checks import as_count
from dsp.conventions.fingerprint import fingerprint
from dsp.conventions.parameters import Convention
from dsp.conventions.registry import CONVENTIONS, named
from dsp.conventions.sizes import sizes
from dsp.conventions.toml_files import load
from dsp.export.readme import README
from dsp.export.signals import DESCRIPTIONS, golden_signals
from dsp.export.tolerances import tolerances
from dsp.files.commands import check_output_folder
from dsp.files.naming import FileError
from dsp.files.reading import read_regular_text
from dsp.files.writing import write_atomically
from dsp.mfcc import compute_trace, make_filterbank

FORMAT = "dsp golden vectors 1"
MANIFEST = "manifest.json"
RATES = (16_000, 22_050, 24_000, 32_000, 44_100, 48_000)  # without a rate, the first that a preset fits
WIDE = ("frames", "windowed", "spectrum", "power")  # steps of which some frames are written
CONSTANTS = ("window", "filterbank")  # steps that no signal changes
SHOWN_FRAMES = {"speech": 3, "impulse": 2}  # of wide steps, from the first to the last; of other signals the middle one
DATE = (1980, 1, 1, 0, 0, 0)  # of every member of an .npz, so that its bytes are the same tomorrow


def write_golden(
    folder: str | os.PathLike[str], presets: Sequence[str] | None = None, sample_rate: int | None = None
) -> dict[str, Any]:
    """Writes golden vectors into a folder.

    Each file is there whole or not at all; the manifest is completed last. A folder that holds golden vectors already
    is brought up to date, and files of presets that are no longer wanted go.

    Parameters
    ----------
    folder : new, empty, or of golden vectors
    presets : names of conventions, or paths of TOML files that end in .toml; None takes all of CONVENTIONS
    sample_rate : int, Hz; None takes 16000, or the next customary rate that a preset fits

    Returns
    -------
    manifest : dict, as in manifest.json; "left_out" says which presets do not fit the rate, and why

    Raises
    ------
    ValueError  for an unknown preset, one with dither, one that was named and does not fit the rate, or a folder of
        other files.
    OSError  if the folder cannot be written.

    Source: none; a file format of this project. Checked: tests/test_golden_vectors_are_recomputed.py
    """
    folder = Path(folder)
    if sample_rate is not None:
        sample_rate = as_count(sample_rate, "sample_rate", max_value=1_000_000)
    conventions = _conventions(presets)
    before = _files_of_before(folder)
    rates, left_out = _rates(conventions, sample_rate)
    if left_out and (presets is not None or len(left_out) == len(conventions)):
        name, reason = next(iter(left_out.items()))
        raise ValueError(f"{name} does not fit: {reason}")
    signals = {rate: golden_signals(rate) for rate in sorted(set(rates.values()))}
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "complete": False,
        "version": __version__,
        "presets": {
            name: {"fingerprint": fingerprint(conventions[name]), "sample_rate": rate, "tool": conventions[name].tool}
            for name, rate in rates.items()
        },
        "left_out": left_out,
        "signals": DESCRIPTIONS,
        "files": before,
    }
    written: dict[str, dict[str, Any]] = {}

    def write(name: str, content: bytes) -> None:
        write_atomically(folder / name, lambda temporary: temporary.write_bytes(content))
        written[name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}

    write(MANIFEST, _json(manifest))  # first, so that an interrupted run can be repeated
    write("README.md", README.encode())
    for rate, of_rate in signals.items():
        for name, samples in of_rate.items():
            write(f"signals/{rate}/{name}.wav", _wav(samples, rate))
    for preset, rate in rates.items():
        c = conventions[preset]
        write(f"{preset}/convention.json", _json(_described(preset, c, rate)))
        for name, samples in signals[rate].items():
            golden = _golden(preset, c, rate, name, samples)
            write(f"{preset}/{name}.json", _json(_for_json(golden)))
            if "refused" not in golden:
                write(f"{preset}/{name}.npz", _npz(golden))
    del written[MANIFEST]
    _remove(folder, set(before) - set(written))
    manifest |= {"complete": True, "files": dict(sorted(written.items()))}
    write(MANIFEST, _json(manifest))
    return manifest


def _conventions(presets: Sequence[str] | None) -> dict[str, Convention]:
    """The conventions by the names of their folders."""
    chosen: dict[str, Convention] = {}
    for name in CONVENTIONS if presets is None else presets:
        c = load(name) if str(name).endswith(".toml") else named(name)
        key = Path(name).stem if str(name).endswith(".toml") else str(name)
        key = key.strip().lower().replace("-", "_").replace(" ", "_")
        if not re.fullmatch(r"\w+", key, re.ASCII) or key == "signals":
            raise ValueError(f"{name!r} is no name for a folder of golden vectors; letters, digits and _ are expected")
        if chosen.get(key, c) != c:
            raise ValueError(f"two of the conventions have the name {key!r}")
        if c.dither:
            raise ValueError(f"{name} adds noise (dither={c.dither:g}), which no port can repeat; set dither=0")
        chosen[key] = c
    if not chosen:
        raise ValueError("no presets were named")
    return chosen


def _rates(conventions: dict[str, Convention], sample_rate: int | None) -> tuple[dict[str, int], dict[str, str]]:
    """{preset: the rate it is computed at}, and {preset: why it does not fit}."""
    rates: dict[str, int] = {}
    left_out: dict[str, str] = {}
    for name, c in conventions.items():
        for rate in RATES if sample_rate is None else (sample_rate,):
            try:
                _trace(golden_signals(rate)["speech"] / 32_768, rate, c)
            except ValueError as error:
                left_out.setdefault(name, str(error))
            else:
                rates[name] = rate
                left_out.pop(name, None)
                break
    return rates, left_out


def _files_of_before(folder: Path) -> dict[str, Any]:
    """The files that golden vectors in the folder consist of; raises where it holds something else."""
    check_output_folder(folder)
    if not folder.is_dir() or not any(folder.iterdir()):
        return {}
    try:
        manifest = json.loads(read_regular_text(folder / MANIFEST))
        if manifest["format"] == FORMAT:
            return dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise FileError(f"{folder}: holds files, and no {MANIFEST} of golden vectors; a new or empty folder is expected")


def _remove(folder: Path, names: set[str]) -> None:
    """Removes files of an earlier run, if they are what a run writes, and folders that become empty."""
    for name in sorted(names):
        if re.fullmatch(r"\w+/(\w+/)?\w+\.(wav|json|npz)", name, re.ASCII):
            path = folder / name
            path.unlink(missing_ok=True)
            for parent in (path.parent, path.parent.parent):
                if parent != folder and parent.is_dir() and not any(parent.iterdir()):
                    parent.rmdir()


def _trace(x: NDArray[np.float64], rate: int, c: Convention) -> dict[str, NDArray[Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of empty filters, which some presets have at low rates
        return compute_trace(x, rate, c, "mfcc")


def _described(preset: str, c: Convention, rate: int) -> dict[str, Any]:
    """A preset for JSON: everything that no signal changes."""
    size = sizes(c, rate)
    described: dict[str, Any] = {
        "preset": preset,
        "fingerprint": fingerprint(c),
        "sample_rate": rate,
        "sizes": asdict(size),
        "features": "log_mel" if c.n_mfcc is None else "mfcc",
        "parameters": asdict(c),
        "window": _trace(golden_signals(rate)["speech"] / 32_768, rate, c)["window"].tolist(),
    }
    if c.n_mels is not None:
        described["filterbank"] = [_sparse(row) for row in _filters(c, rate)]
    return described


def _filters(c: Convention, rate: int) -> NDArray[np.float64]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make_filterbank(sizes(c, rate), rate, c)


def _sparse(row: NDArray[np.float64]) -> dict[str, Any]:
    """A filter from its first weight that is not 0 to its last."""
    used = np.flatnonzero(row)
    first, stop = (int(used[0]), int(used[-1]) + 1) if used.size else (0, 0)
    return {"first_bin": first, "weights": row[first:stop].tolist()}


def _golden(preset: str, c: Convention, rate: int, name: str, samples: NDArray[np.int16]) -> dict[str, Any]:
    """The steps of one signal under one preset, or why it is refused."""
    about = {
        "preset": preset,
        "fingerprint": fingerprint(c),
        "sample_rate": rate,
        "signal": f"signals/{rate}/{name}.wav",
    }
    x = samples / 32_768
    try:
        steps = _trace(x, rate, c)
    except ValueError as error:
        return about | {"refused": str(error), "n_frames": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        allowed = tolerances(x, rate, c, steps)
    n_frames = steps["frames"].shape[1]
    shown = (
        np.unique(np.linspace(0, n_frames - 1, SHOWN_FRAMES[name]).astype(int))
        if name in SHOWN_FRAMES
        else np.array([n_frames // 2])
    )
    features = "log_mel" if c.n_mfcc is None else "mfcc"
    constant = CONSTANTS if steps["window"].size == sizes(c, rate).frame else ("filterbank",)
    kept = {
        step: values[:, shown] if step in WIDE else values for step, values in steps.items() if step not in constant
    }
    about |= {"n_frames": n_frames, "features": features, "frames_of_wide_steps": shown.tolist()}
    return about | {"tolerance": allowed, "steps": kept}


def _for_json(golden: dict[str, Any]) -> dict[str, Any]:
    """Matrices as one list for each frame; complex ones as two."""
    if "steps" not in golden:
        return golden
    steps: dict[str, Any] = {}
    for name, values in golden["steps"].items():
        by_frame = values.T
        if np.iscomplexobj(by_frame):
            steps[name] = {"real": by_frame.real.tolist(), "imag": by_frame.imag.tolist()}
        else:
            steps[name] = by_frame.tolist()
    return golden | {"steps": steps}


def _json(value: Any) -> bytes:
    """One entry of the outermost object a line; numbers as short as they are exact."""
    lines = [f"{json.dumps(key)}: {json.dumps(entry, allow_nan=False)}" for key, entry in value.items()]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _npz(golden: dict[str, Any]) -> bytes:
    """The steps as dsp.trace gives them, of wide ones the frames `frames_of_wide_steps`."""
    arrays = {**golden["steps"], "frames_of_wide_steps": np.array(golden["frames_of_wide_steps"])}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, values in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(values), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", DATE), content.getvalue())
    return made.getvalue()


def _wav(samples: NDArray[np.int16], rate: int) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return made.getvalue()
