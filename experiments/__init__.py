"""The papers' experiments, one file per paper, and what they share.

    python -m experiments                    the papers, their commands, their cost, the results so far
    python -m experiments.zheng_casia        one paper: on a synthetic corpus, or --data DIR on the real one
    python -m experiments.trace              one recording through a convention, every stage drawn
    python -m experiments.recogniser         one recording: what a trained network says of it

Reading order: zheng_casia (the paper's method, top to bottom), corpora, synthetic, inputs, protocol, audit,
optimizers, training, metrics, figures, results.
"""

PAPERS = ("zheng_casia", "dey_emodb", "yadav_crnn", "finch_dycnn", "wang_cl")
