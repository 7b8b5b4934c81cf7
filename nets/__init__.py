"""The papers' networks, one file per paper; `layers` holds what the frameworks do differently from PyTorch.

nets.build("zheng_cnn_lstm", n_classes=6)      an untrained torch module
nets.count_parameters(net)                     (total, trainable), as the source framework prints them
"""

from nets.layers import count_parameters
from nets.zheng_casia import zheng_cnn_lstm

SYSTEMS = {
    "zheng_cnn_lstm": zheng_cnn_lstm,
}


def build(name: str, n_classes: int, seed: int = 0):
    """The untrained network `name` (a key of SYSTEMS) for n_classes classes.

    Raises ValueError for an unknown name or n_classes < 2.

    Checked: tests/test_zheng_casia_net_matches_table.py
    """
    if name not in SYSTEMS:
        raise ValueError(f"unknown network {name!r}; known are {', '.join(SYSTEMS)}")
    if n_classes < 2:
        raise ValueError(f"{n_classes=}; at least two classes are expected")
    return SYSTEMS[name](n_classes, seed=seed)


__all__ = ["SYSTEMS", "build", "count_parameters", "zheng_cnn_lstm"]
