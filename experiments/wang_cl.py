"""Wang, "Research on Deep Learning-based Speech Emotion Recognition System" (EMO-DB, CASIA; PyTorch).

Claim: fused features beat single ones. Fusion reaches 85.72 % on EMO-DB and 82.86 % on CASIA; three control groups
       reach 83.11, 81.23, 80.83 % and 79.35, 78.67, 77.57 %. No table shows the single-feature networks.
Run:   python -m experiments.wang_cl                                              synthetic corpus, < 2 minutes
       python -m experiments.wang_cl --corpus casia --data CASIA --model all --protocol speaker
       python -m experiments.wang_cl --corpus emodb --data EMODB --model wang_cl --reading all-steps
       python -m experiments.wang_cl --corpus emodb --data EMODB --scaling row-z-score --reading unscaled
Cost:  200 epochs of batches of 5. On one core, wang_cl takes 78 minutes on CASIA in float32. On EMO-DB with --precision
       bfloat16 it takes 11 minutes, wang_cnn 7, the control groups 9, 7 and 4, wang_lstm 3. An honest run or a fold
       ends after about 70 epochs: 2 minutes (EMO-DB) or 5 (CASIA). All six systems with 3 seeds take 6 hours.
Protocols: as-published is a random 80:20 split without a validation set, and the last epoch counts. (The result also
       stores the accuracy of the best epoch on the test set as best_epoch_accuracy, which is optimistic.)
       honest: random 60/20/20. speaker: one of four speakers left out (CASIA) or 5 folds of 2 speakers (EMO-DB). In
       the last two, validation chooses the epoch and ends training.
The groups differ up to sixfold in their number of parameters. wang_cnn and wang_lstm are single branches, as the
abstract compares with.
Leak:  --protocol leak-segments puts segments of one recording on both sides; segments-by-file has the same segments,
       but each recording on one side. The first shows the effect of such a leak, the second is its control. Neither
       is a result.
Each setting below names its place in the paper, or says UNSTATED.
"""

from dsp.files.commands import exit_without

exit_without(
    "torch", "sklearn", "scipy", "matplotlib", "pandas", "tqdm", "filelock", feature="the experiment", extra="train"
)

import argparse
import sys
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np

import nets
from experiments.data import splits
from experiments.data.corpora import CASIA_EMOTIONS, Corpus, casia, complete, emodb
from experiments.data.recordings import of_file
from experiments.inputs import cache
from experiments.inputs.row_scaling import fit_row_scaling
from experiments.inputs.wang_cl import FEATURES, LEVELS, SEGMENT_HOP, segments
from experiments.training.cli import PROTOCOLS, add_model_option, finish_options, limit, load_corpus, parser_of
from experiments.training.loop import TrainingOptions
from experiments.training.run_folder import run_cli
from experiments.training.runner import (
    TrainingConfig,
    audit_corpus,
    common_splits,
    run_all,
    sides,
    summarize,
    train_and_score,
)

STEM = "wang_cl"
CORPORA = {"emodb": emodb, "casia": casia}
MODELS = ("wang_cl", "wang_control_1", "wang_control_2", "wang_control_3", "wang_cnn", "wang_lstm")
PUBLISHED = {  # %, tables 2 and 3
    "emodb": dict(zip(MODELS, ("85.72", "83.11", "81.23", "80.83"), strict=False)),
    "casia": dict(zip(MODELS, ("82.86", "79.35", "78.67", "77.57"), strict=False)),
}
_EMODB = ("happiness", "sadness", "anger", "boredom", "fear", "disgust", "neutral")  # in the paper's order
_CASIA = ("happy", "angry", "fear", "sad", "neutral", "surprise")
RECALLS = {  # %, tables 2 and 3
    ("emodb", "wang_cl"): dict(zip(_EMODB, (85, 72, 87, 89, 81, 92, 88), strict=True)),
    ("emodb", "wang_control_1"): dict(zip(_EMODB, (77, 86, 85, 82, 87, 85, 83), strict=True)),
    ("emodb", "wang_control_2"): dict(zip(_EMODB, (69, 83, 82, 76, 82, 87, 84), strict=True)),
    ("emodb", "wang_control_3"): dict(zip(_EMODB, (74, 72, 83, 79, 87, 85, 83), strict=True)),
    ("casia", "wang_cl"): dict(zip(_CASIA, (90, 69, 85, 88, 81, 79), strict=True)),
    ("casia", "wang_control_1"): dict(zip(_CASIA, (90, 75, 77, 79, 82, 74), strict=True)),
    ("casia", "wang_control_2"): dict(zip(_CASIA, (80, 83, 75, 77, 86, 75), strict=True)),
    ("casia", "wang_control_3"): dict(zip(_CASIA, (75, 76, 76, 82, 77, 75), strict=True)),
}
PUBLISHED_N = {"emodb": 107, "casia": 1920}  # a fifth of 535 and of 9600 files, section 3.1
READINGS = {  # how "flattened" and "normalized" are read
    "last-step": "",
    "all-steps": "_all_steps",
    "unscaled": "_unscaled",
    "all-steps-unscaled": "_all_steps_unscaled",
}
# How "min-max normalization" is read: over all coefficients of a recording at once, or per coefficient over the
# training files, as in scikit-learn. The z-score is our deviation.
SCALINGS = {"recording": "", "row-min-max": "-row-min-max", "row-z-score": "-row-z-score"}
OPTIONS = TrainingOptions(
    epochs=200,  # section 3.4
    batch_size=5,  # section 3.4
    shuffle="every epoch",  # UNSTATED
    incomplete_batch="keep",  # UNSTATED
)
# With a validation set, the epoch is chosen on it. The paper has none and keeps the last epoch.
CHOSEN = replace(OPTIONS, select="validation accuracy", patience=30, patience_for="validation loss")
# Segments of recordings, random 80:20: by segment (a leak, to measure its effect), or by file.
LEAKS = ("leak-segments", "segments-by-file")
LEARNING_RATE = 1e-4  # Adam, section 3.4
CLASS_MEANS = dict(zip(MODELS, ("82.00", "79.50", "79.33", "76.83"), strict=False))  # %, of table 3, CASIA
NOTE = "one split by file, no validation set; UNSTATED: which epoch counts, the frames and their number"


def systems(models, reading: str) -> list[str]:
    """The networks of a reading; wang_cnn has no time steps, so not all readings apply to it."""
    named = [model + READINGS[reading] for model in models]
    return [name for name in named if name in nets.SYSTEMS]


def row(
    model: str,
    corpus: str,
    of: str,
    reading: str = "last-step",
    length: str = "first-frames",
    scaling: str = "recording",
) -> dict:
    """A row of the results table."""
    options = f" --reading {reading}" * (reading != "last-step") + " --length whole-clip" * (length != "first-frames")
    options += f" --scaling {scaling}" * (scaling != "recording")
    command = f"python -m experiments.{STEM} --corpus {corpus} --data DIR --model {model} --protocol {of}{options}"
    line = {"system": model + READINGS[reading], "variant": length + SCALINGS[scaling], "corpus": corpus}
    line["protocol"] = of
    line["published"] = PUBLISHED[corpus].get(model, "-") if of == "as-published" else "-"
    told = {}
    if line["published"] != "-":
        told = {"note": note(model, corpus), "published_n": PUBLISHED_N[corpus], "number": model}
    return line | {"command": command} | told | ({"optional": True} if options else {})


def note(model: str, corpus: str) -> str:
    """The remark on a published accuracy."""
    if corpus == "emodb":
        return f"no share of 107 files; {NOTE}"
    return f"the mean of its six equal classes is {CLASS_MEANS[model]} ± 0.5; no share of 240 files; {NOTE}"


PAPER = {
    "paper": "Wang, Research on Deep Learning-based Speech Emotion Recognition System",
    "main": ("wang_cl", "first-frames", "emodb"),  # system, variant and corpus of its line in README.md
    "classes": list(CASIA_EMOTIONS),
    "published": {
        "accuracy": PUBLISHED,
        "recalls": {(model, "first-frames", corpus): recalls for (corpus, model), recalls in RECALLS.items()},
    },
    "rows": [
        *(row(model, corpus, of) for corpus in CORPORA for model in MODELS for of in PROTOCOLS),
        *(
            row("wang_cl", corpus, of, reading)
            for reading in ("all-steps", "unscaled")
            for corpus in CORPORA
            for of in PROTOCOLS
        ),
        *(row("wang_cl", corpus, of, length="whole-clip") for corpus in CORPORA for of in PROTOCOLS),
        *(
            row(model, corpus, of, reading, scaling=scaling)
            for scaling, reading, models in (
                ("row-z-score", "unscaled", MODELS),
                ("row-z-score", "all-steps-unscaled", MODELS[:1]),
                ("row-min-max", "unscaled", (MODELS[0], MODELS[5])),
                ("row-min-max", "all-steps", MODELS[:1]),
            )
            for corpus in CORPORA
            for model in models
            for of in PROTOCOLS
        ),
        *(row(model, corpus, of) | {"optional": True} for corpus in CORPORA for model in MODELS[:4] for of in LEAKS),
    ],
    "comparisons": [
        {"question": f"spectrogram and MFCC together, against {against}", "corpus": corpus, "protocol": of}
        | {"a": ["wang_cl", "first-frames"], "b": [other, "first-frames"]}
        for against, other in (
            ("the spectrogram in both branches", "wang_control_1"),
            ("the MFCC in both branches", "wang_control_2"),
            ("the two the other way round", "wang_control_3"),
            ("the convolutions alone", "wang_cnn"),
            ("the LSTM alone", "wang_lstm"),
        )
        for corpus in CORPORA
        for of in ("honest", "speaker")
    ],
}


def main(arguments: list[str] | None = None) -> int:
    return run_cli(run_experiment, parse(arguments))


def run_experiment(options: argparse.Namespace) -> None:
    """Corpus -> inputs -> audit -> for each network, seed and split: train, score, store."""
    corpus = load_corpus(options, CORPORA[options.corpus])
    recording = options.scaling == "recording"
    front_end = (FEATURES if recording else LEVELS)[options.length]
    features, content = cache.load(corpus, front_end, options.features)
    of, files = audit_corpus(corpus, content), None
    if options.protocol in LEAKS:
        several, content, features, files = segmented(of.corpus, of.content)
        of = replace(of, corpus=several, content=content)
        print(f"{len(files)} segments of {len(corpus)} recordings")
    shortened = f"{options.epochs} of {OPTIONS.epochs} epochs" if options.epochs < OPTIONS.epochs else None
    for system in systems(options.model, options.reading):
        total, _ = nets.count_parameters(nets.build(system, len(corpus.classes)))
        print(f"\n{system}: {total:,} parameters")
        train = partial(run_split, options, of.corpus, system, features)
        variant, config = options.length + SCALINGS[options.scaling], {"inputs": front_end.name}
        config |= {} if recording else {"scaling": options.scaling}
        config |= {} if files is None else {"segment_hop": SEGMENT_HOP}
        results = run_all(
            options, of, partial(splits_of, files=files), variant, config, train, shortened, inputs=features
        )
        summarize(results, PUBLISHED.get(of.corpus.name, {}).get(system, "-"))


def segmented(corpus: Corpus, content: np.ndarray) -> tuple[Corpus, np.ndarray, np.ndarray, np.ndarray]:
    """A corpus whose examples are segments: (corpus, content, features, files), each (n_segments, ...).

    content : the hash of each segment's recording, so that the audit sees recordings on both sides
    files : (n_segments,) int, the recording of each segment, an index into the original corpus

    Checked: tests/test_leaks_are_what_they_say.py
    """
    parts = complete([of_file(path, segments) for path in corpus.paths])
    files = np.repeat(np.arange(len(corpus)), [len(part) for part in parts])
    return corpus.of_examples(files), content[files], np.concatenate(parts), files


def run_split(options, corpus: Corpus, system: str, features: np.ndarray, split: splits.Split, facts: dict) -> list:
    """Trains and scores one network on one split. Without validation files it watches the test set."""
    scale = np.asarray
    if options.scaling != "recording":
        scale = fit_row_scaling(features, split.train, options.scaling.removeprefix("row-"))
        facts = facts | {"z_score": {name: values.tolist() for name, values in asdict(scale).items()}}
    training, validation, test = sides(split, lambda files: scale(features[files]), options.device)
    training_options = replace(CHOSEN if validation else OPTIONS, epochs=options.epochs)
    setting = TrainingConfig(system, LEARNING_RATE, training_options, optimizer="PyTorch's Adam")
    if options.protocol in LEAKS:
        test = replace(test, per_file=False)
    scored = {options.protocol: test}
    return train_and_score(options, corpus, setting, training.examples(corpus), validation or test, scored, facts)


def splits_of(corpus: Corpus, content, name: str, seed: int, files=None) -> list[splits.Split]:
    """files : the recording of each segment, if the examples are segments"""
    if name == "segments-by-file":
        return [splits.fifth_of_files(corpus.labels, files, seed)]
    if name in ("as-published", "leak-segments"):
        return [splits.as_published(corpus.labels, seed)]
    return common_splits(corpus, content, name, seed)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = parser_of(STEM, __doc__, (*PROTOCOLS, *LEAKS))
    parser.add_argument("--corpus", choices=CORPORA, default="emodb", help="which corpus lies in --data")
    parser.add_argument("--data", type=Path, metavar="DIR", help="the corpus as published")
    add_model_option(parser, MODELS, "wang_cl")
    parser.add_argument("--reading", choices=READINGS, default="last-step", help='how "flattened, normalized" is read')
    parser.add_argument("--length", choices=FEATURES, default="first-frames", help="how a recording becomes 128 frames")
    parser.add_argument(
        "--scaling", choices=SCALINGS, default="recording", help="what the feature scaling is fitted on"
    )
    parser.add_argument("--epochs", type=int, metavar="N", help=f"fewer than {OPTIONS.epochs}; the result says so")
    options = parser.parse_args(arguments)
    options.epochs = limit(parser, options, "epochs", OPTIONS.epochs, synthetic=5)
    options.model = list(MODELS) if "all" in options.model else options.model
    if options.protocol in LEAKS and (options.length, options.scaling) != ("first-frames", "recording"):
        parser.error(f"--protocol {options.protocol} is for --length first-frames --scaling recording")
    if not systems(options.model, options.reading):
        parser.error(f"--reading {options.reading} is not for {', '.join(options.model)}")
    return finish_options(parser, options, STEM)


if __name__ == "__main__":
    sys.exit(main())
