"""The options that the papers' commands share, and the corpus that they select."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from experiments.common.paths import FEATURES, RESULTS, RUNS
from experiments.data.corpora import Corpus
from experiments.data.synthetic import NOTICE, VOICES, synthetic_corpus
from experiments.training.loop import repeatable
from experiments.training.run_folder import resolve_device
from experiments.training.scheduling import Selection, as_shard
from nets.fused.fuse import PRECISIONS

PROTOCOLS = ("as-published", "honest", "speaker")


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Help that keeps the line breaks of the description and states the default of each option."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default in (None, False, argparse.SUPPRESS):
            return action.help
        values = action.default if isinstance(action.default, list) else [action.default]
        return f"{action.help} (default: {' '.join(map(str, values))})"


class CommandParser(argparse.ArgumentParser):
    """A parser that keeps what it has parsed as `options.arguments`, so that the command can be given to a worker."""

    def parse_args(self, args=None, namespace=None):
        options = super().parse_args(args, namespace)
        options.arguments = list(sys.argv[1:] if args is None else args)
        return options


def add_model_option(parser: argparse.ArgumentParser, models, default: str) -> None:
    """Adds --model: one name, several names, or all."""
    names = ", ".join(models)
    parser.add_argument(
        "--model", nargs="+", choices=(*models, "all"), default=[default], metavar="NAME", help=f"{names}, or all"
    )


def load_corpus(options: argparse.Namespace, load: Callable[[Path], Corpus]) -> Corpus:
    """The corpus in the folder --data, or a small synthetic one without --data."""
    return load(options.data) if options.data else small_synthetic_corpus(options.out / "synthetic_wav")


def small_synthetic_corpus(folder: Path) -> Corpus:
    print(NOTICE)
    return synthetic_corpus(folder, n_sentences=3, voices=VOICES[:3])


def parser_of(
    stem: str, description: str, protocols: tuple[str, ...] = PROTOCOLS, default: str = "honest"
) -> argparse.ArgumentParser:
    """A parser with the options that the papers' commands share.

    protocols : the choices for --protocol;  default : one of them
    """
    parser = CommandParser(
        prog=f"python -m experiments.{stem}",
        description=description,
        formatter_class=HelpFormatter,
    )
    parser.add_argument("--protocol", choices=protocols, default=default, help="how files are split")
    parser.add_argument(
        "--seed",
        type=int,
        nargs="+",
        metavar="N",
        help="seeds of splits and initial values (default: 0 1 2; synthetic corpus: 0)",
    )
    parser.add_argument("--folds", type=int, metavar="N", help="run only the first N folds of each seed (default: all)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="float32",
        help="precision of the convolutions in training; evaluation is in float32",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder for all output, including the results file (default: under experiments/)",
    )
    parser.add_argument("--resume", action="store_true", help="continue where an interrupted command stopped")
    parser.add_argument(
        "--scheduler",
        metavar="dask|ADDRESS",
        help="make each run a task, and continue as --resume does: dask starts a worker for each core of this machine,"
        " tcp://HOST:8786 names a cluster that sees the same files (see experiments/training/scheduling.py)",
    )
    parser.add_argument(
        "--shard",
        type=as_shard,
        metavar="I/N",
        help="train every N-th run only, beginning with number I: --shard"
        " $SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT in a Slurm array",
    )
    parser.add_argument("--smoke", action="store_true", help="a tiny synthetic corpus and two epochs, for tests")
    return parser


def limit(parser, options: argparse.Namespace, name: str, most: int, synthetic: int) -> int:
    """The value of an option, which must be 1 .. most.

    Default: most; `synthetic` for a synthetic corpus; 1 with --smoke.
    """
    given = getattr(options, name)
    if given is not None and not 1 <= given <= most:
        parser.error(f"--{name} {given}: 1 .. {most} is expected")
    return given or (most if options.data else 1 if options.smoke else synthetic)


def finish_options(parser: argparse.ArgumentParser, options: argparse.Namespace, stem: str) -> argparse.Namespace:
    """Fills in device, seeds and output paths, and prepares this process for training."""
    if options.smoke and options.data:
        parser.error("--smoke is for the synthetic corpus")
    try:
        options.device = resolve_device(options.device)
    except ValueError as error:
        parser.error(str(error))
    repeatable(options.device)
    if options.scheduler and options.shard:
        parser.error("--shard divides the runs without a scheduler; omit it or --scheduler")
    options.module, options.selection = f"experiments.{stem}", options.shard or Selection()
    if options.folds is not None and options.folds < 1:
        parser.error(f"--folds {options.folds}: at least 1 is expected")
    options.seed = options.seed or ([0, 1, 2] if options.data else [0])
    options.results = (options.out or RESULTS) / f"{stem}.jsonl"
    options.features = options.out / "features" if options.out else FEATURES
    options.out = options.out or RUNS / stem
    return options
