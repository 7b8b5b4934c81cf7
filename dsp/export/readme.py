"""The README.md that lies beside golden vectors."""

README = """\
# Golden vectors: compute the same features in another language

Each folder beside `signals/` is a convention: exactly how one tool turns samples into features. For every signal it
holds each step of the computation, so that a port finds the first step that is wrong, and how far numbers may be off.

    manifest.json              the presets (fingerprint, sample rate, tool), the signals, every file with its SHA-256
    signals/RATE/NAME.wav      the signals: one channel, 16 bits, little-endian, a header of 44 bytes
    PRESET/convention.json     the parameters, lengths in samples, the window, the mel filters
    PRESET/NAME.json           the steps of one signal, and the tolerances
    PRESET/NAME.npz            the same steps for NumPy, in 64-bit floating point

A fingerprint names the parameters: two presets with the same fingerprint compute the same.

## Order of the steps

Samples are the integers of the WAV file divided by 32768; `parameters.scale` multiplies them again.

| step | shape | what it is |
|---|---|---|
| `signal` | n | after scale, and what the convention does to the whole signal: mean, pre-emphasis |
| `frames` | frame x frames | cut from the signal, which the convention may extend at its ends |
| `window` | frame | in convention.json; in a signal's file only where the tool shortens its window for a short signal |
| `windowed` | frame x frames | after removal of each frame's mean, pre-emphasis inside the frame, and the window |
| `spectrum` | bins x frames | the DFT of n_fft points, bins 0 .. n_fft / 2; complex |
| `power` | bins x frames | squared magnitude, or magnitude, normalized |
| `filterbank` | mels x bins | in convention.json: of each filter the first bin and the weights from there on |
| `mel` | mels x frames | filterbank times power; without filters the power itself |
| `log_mel` | mels x frames | the logarithm, with all that belongs to it; maybe a row of energy |
| `cepstrum` | n_mfcc x frames | the DCT of each frame |
| `liftered` | n x frames | after lifter, energy and smoothing |
| `deltas` | rows x frames | of liftered, if the convention has them |
| `mfcc` | rows x frames | liftered above deltas, normalized |

`features` names the step that a program returns. Every value of `parameters` is explained by `help(dsp.Convention)`.

## JSON

- A step is a list of frames, and each frame a list of its values: `steps.mfcc[t][k]`. (In .npz time is the last axis:
  `mfcc[k, t]`.) `signal` and `window` are plain lists. `spectrum` has two such lists, `real` and `imag`.
- `frames`, `windowed`, `spectrum` and `power` are long. Only the frames that `frames_of_wide_steps` numbers (from 0)
  are there. All other steps have all `n_frames` frames.
- Numbers have as many digits as give back the same 64-bit number. None is infinite or NaN.
- A signal too short for the convention has `"n_frames": 0` and `refused`, the reason. A port returns no frames there,
  or reports an error; it must not crash.

## Comparing

For each step, in order, and with the tolerances of the precision that the port computes in (`float64` or `float32`):

    error = |yours - golden|                    every value
    max(error)          <= tolerance[precision][step].max
    sqrt(mean(error^2)) <= tolerance[precision][step].rms

Tolerances are absolute, in the unit of the step, and of this signal: 12 times the error that random rounding after
every operation made, in three trials. Those of logarithms are wide where a band holds nothing but rounding, as beside a
pure tone; `speech` shows a wrong parameter best. Fix the first step that fails: all later ones follow from it.

Compute the window, the filters and the DCT in 64 bits, once, even if the rest is in 32 bits.

What ports get wrong most often: a symmetric window for a periodic one; the frames at the ends; mel filters on another
scale or rounded to bins; the power of the magnitude; the logarithm's base and floor; c0 and energy; the lifter.

In Python, with the standard library alone:

    import json
    golden = json.load(open("kaldi/speech.json"))
    allowed = golden["tolerance"]["float32"]["mfcc"]
    errors = [abs(a - b) for mine, theirs in zip(my_mfcc, golden["steps"]["mfcc"]) for a, b in zip(mine, theirs)]
    assert max(errors) <= allowed["max"]
    assert (sum(e * e for e in errors) / len(errors)) ** 0.5 <= allowed["rms"]

In JavaScript:

    const golden = JSON.parse(fs.readFileSync("kaldi/speech.json"));
    const errors = golden.steps.mfcc.flatMap((frame, t) => frame.map((value, k) => Math.abs(mine[t][k] - value)));

In C, without a JSON parser, read the .npz: an uncompressed ZIP of .npy files, each a header of text and then
little-endian doubles in rows (time runs fastest). In Swift and Kotlin, JSONDecoder and kotlinx.serialization read
the JSON.
"""
