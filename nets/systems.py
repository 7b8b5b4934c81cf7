"""The networks by name: SYSTEMS maps a name to its builder, and `build` makes one network."""

from collections.abc import Callable
from functools import partial

from torch import nn

from nets.dey_emodb import dey_1d_cnn_bilstm, dey_1d_cnn_lstm, dey_2d_cnn_lstm, dey_td_cnn_bilstm, dey_td_cnn_lstm
from nets.finch_dycnn import finch_dycnn_bilstm
from nets.statistics_mlp import statistics_mlp
from nets.wang_cl import parallel_net
from nets.yadav_crnn import yadav_crnn
from nets.zheng_casia import zheng_cnn_lstm

_WANG = {  # the features that the convolutions see, and those that the LSTM sees
    "wang_cl": ("spectrogram", "mfcc"),
    "wang_control_1": ("spectrogram", "spectrogram"),
    "wang_control_2": ("mfcc", "mfcc"),
    "wang_control_3": ("mfcc", "spectrogram"),
    "wang_lstm": (None, "mfcc"),
}

SYSTEMS: dict[str, Callable[..., nn.Module]] = {
    "zheng_cnn_lstm": zheng_cnn_lstm,
    "dey_2d_cnn_lstm": dey_2d_cnn_lstm,
    "dey_2d_cnn_lstm_256": partial(dey_2d_cnn_lstm, hidden=256),
    "dey_td_cnn_lstm": dey_td_cnn_lstm,
    "dey_td_cnn_bilstm": dey_td_cnn_bilstm,
    "dey_1d_cnn_lstm": dey_1d_cnn_lstm,
    "dey_1d_cnn_bilstm": dey_1d_cnn_bilstm,
    "yadav_crnn": yadav_crnn,
    "yadav_crnn_elu": partial(yadav_crnn, activation=nn.ELU),
    "yadav_crnn_kernels_3": partial(yadav_crnn, kernels=(3, 3, 3, 3)),
    "statistics_mlp": statistics_mlp,
    "finch_dycnn_bilstm": finch_dycnn_bilstm,
    "finch_cnn_bilstm": partial(finch_dycnn_bilstm, dynamic=False),
    "finch_dycnn_lstm": partial(finch_dycnn_bilstm, bidirectional=False),
    "finch_cnn_lstm": partial(finch_dycnn_bilstm, dynamic=False, bidirectional=False),
    **{name: partial(parallel_net, cnn_sees=cnn, lstm_sees=lstm) for name, (cnn, lstm) in _WANG.items()},
    **{
        f"{name}_all_steps": partial(parallel_net, cnn_sees=cnn, lstm_sees=lstm, all_steps=True)
        for name, (cnn, lstm) in _WANG.items()
    },
    "wang_cnn": partial(parallel_net, lstm_sees=None),
    "wang_cnn_unscaled": partial(parallel_net, lstm_sees=None, scaled=False),
    **{
        f"{name}{steps}_unscaled": partial(
            parallel_net, cnn_sees=cnn, lstm_sees=lstm, all_steps=bool(steps), scaled=False
        )
        for name, (cnn, lstm) in _WANG.items()
        for steps in ("", "_all_steps")
    },
}


def build(name: str, n_classes: int, seed: int = 0) -> nn.Module:
    """Builds the untrained network `name` (a key of SYSTEMS) for n_classes classes.

    Raises ValueError for an unknown name or n_classes < 2.

    Checked: tests/test_zheng_casia_net_matches_table.py, tests/test_dey_emodb_nets_match_tables.py
    """
    if name not in SYSTEMS:
        raise ValueError(f"unknown network {name!r}; known are {', '.join(SYSTEMS)}")
    if n_classes < 2:
        raise ValueError(f"{n_classes=}; at least two classes are expected")
    return SYSTEMS[name](n_classes, seed=seed)
