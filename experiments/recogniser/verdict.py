"""What can be said of an answer beside its probabilities."""

from experiments.recogniser import training
from experiments.recogniser.core import Answer
from experiments.recogniser.trained import Trained


def verdict(trained: Trained, answer: Answer) -> str:
    """What the file's name states, and whether the network was trained on the recording, in one line."""
    corpus = trained.result["corpus"]
    if corpus == "synthetic":
        return training.SYNTHETIC + (
            f" (the file's name says {answer.named_emotion})." if answer.named_emotion else "."
        )
    if answer.named_emotion is None:
        text = "The file's name states no emotion."
    elif answer.label is None:
        text = f"The file's name says {answer.named_emotion}, which is not one of this network's emotions."
    else:
        text = f"{'Right' if answer.right else 'Wrong'}: the file's name says {answer.label}."
    if answer.trained_on:
        text += " The network was trained or selected on this very recording."
    elif answer.trained_on is None and answer.label is not None:
        text += f" This run on {corpus} does not record its training files, which may include this recording."
    return text
