"""What a stored run must hold for tables to be made of it: every field, of the right kind and in its range."""

from collections.abc import Callable

WORDS = ("system", "variant", "corpus", "protocol")
SHARES = ("accuracy", "uar")
OPTIONAL_SHARES = ("best_epoch_accuracy", "training_accuracy", "training_accuracy_last_epoch")
PRECISIONS = ("float32", "bfloat16", None)  # what older runs do not say is float32


def check_run(run: object) -> None:
    """Raises ValueError that names the first field that is missing or wrong.

    Checked: tests/test_results_have_one_home.py
    """
    if not isinstance(run, dict):
        raise ValueError("an object {...} is expected")
    for name in WORDS:
        _need(run, name, _is_word, "a word")
    for name in SHARES:
        _need(run, name, _is_share, "a number 0 .. 1")
    _need(run, "seed", _is_count, "a whole number >= 0")
    _need(run, "fold", lambda fold: fold is None or _is_word(fold) or _is_count(fold), "a word, a number or null")
    _need(run, "n_test", lambda n: _is_count(n) and n > 0, "a whole number > 0")
    _need(run, "config", _is_object, "an object")
    _need(run["config"], "setting", _is_object, "an object", "config.", is_optional=True)
    precision = run["config"].get("setting", {}).get("precision")
    if not any(precision is known or precision == known for known in PRECISIONS):
        raise ValueError("config.setting.precision: float32 or bfloat16 is expected")
    for name in OPTIONAL_SHARES:
        _need(run, name, _is_share, "a number 0 .. 1", is_optional=True)
    _need(run, "shortened", _is_word, "a word", is_optional=True)
    _check_classes(run)
    _check_audit(run)
    if "answers" in run:
        _check_answers(run)


def _check_classes(run: dict) -> None:
    _need(run, "per_class", lambda value: _is_object(value) and len(value) > 1, "an object of two or more classes")
    for name, scores in run["per_class"].items():
        _need(scores if _is_object(scores) else {}, "recall", _is_share, "a number 0 .. 1", f"per_class.{name}.")
    n = len(run["per_class"])

    def is_square(rows: object) -> bool:
        return _is_list(rows, n) and all(_is_list(row, n) and all(map(_is_count, row)) for row in rows)

    _need(run, "confusion", is_square, f"{n} x {n} whole numbers")


def _check_audit(run: dict) -> None:
    _need(run, "audit", _is_object, "an object")
    _need(run["audit"], "lookup_table", _is_share, "a number 0 .. 1", "audit.")
    for side in ("train", "validation", "test"):
        is_optional = side != "validation" or "best_epoch_accuracy" not in run
        _need(run["audit"], side, _is_count, "a whole number >= 0", "audit.", is_optional)


def _check_answers(run: dict) -> None:
    _need(run, "answers", _is_object, "an object")
    n_classes, lengths = len(run["per_class"]), set()
    optional = ("confidence",) if "confidence" in run["answers"] else ()
    for name in ("files", "speakers", "true", "predicted", *optional):
        _need(run["answers"], name, _is_word, "words between blanks", "answers.")
        words = run["answers"][name].split()
        lengths.add(len(words))
        if name in ("true", "predicted") and not all(word.isdecimal() and int(word) < n_classes for word in words):
            raise ValueError(f"answers.{name}: positions of classes, 0 .. {n_classes - 1}, are expected")
        if name == "confidence" and not all(map(_is_share_in_words, words)):
            raise ValueError("answers.confidence: numbers 0 .. 1 are expected")
    if len(lengths) > 1:
        raise ValueError("answers: as many files, speakers, true and predicted classes are expected")


def _need(
    values: dict, name: str, is_right: Callable, expected: str, where: str = "", is_optional: bool = False
) -> None:
    if name not in values:
        if is_optional:
            return
        raise ValueError(f"it lacks {where}{name}")
    if not is_right(values[name]):
        raise ValueError(f"{where}{name}: {expected} is expected")


def _is_word(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_list(value: object, length: int) -> bool:
    return isinstance(value, list) and len(value) == length


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _is_share_in_words(word: str) -> bool:
    return word.replace(".", "", 1).isdecimal() and float(word) <= 1


def _is_share(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1
