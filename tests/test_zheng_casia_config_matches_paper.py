"""Published numbers: the appendix's trainingOptions and the confusion matrix, transcribed a second time."""

from experiments.zheng_casia import PAPER, VARIANTS


def test_training_options():
    (config,) = VARIANTS["published"]
    assert config.optimizer == "MATLAB's sgdm"  # trainingOptions('sgdm', ...)
    assert config.options.epochs == 30  # 'MaxEpochs', 30
    assert config.options.batch_size == 10  # 'MiniBatchSize', 10
    assert config.options.shuffle == "once"  # 'Shuffle', 'once'
    assert config.gradient_threshold == 1  # 'GradientThreshold', 1
    assert config.learning_rate == 0.001  # 'InitialLearnRate', 0.001
    assert config.options.incomplete_batch == "drop"
    assert config.options.select == "last epoch" and config.options.patience is None
    assert (config.momentum, config.l2) == (0.9, 1e-4)  # the defaults that MATLAB's page prints for sgdm


def test_published_matrix():
    matrix = [  # Fig. 9: rows predicted, columns true
        [40, 0, 0, 0, 0, 0],
        [0, 31, 7, 0, 0, 0],
        [0, 9, 25, 0, 6, 0],
        [0, 0, 0, 40, 0, 0],
        [0, 0, 1, 0, 11, 0],
        [0, 0, 7, 0, 23, 40],
    ]
    correct = sum(matrix[i][i] for i in range(6))
    assert correct == 187 and sum(map(sum, matrix)) == 240
    assert PAPER["published"]["accuracy"] == round(187 / 240, 4)
    for i, name in enumerate(PAPER["classes"]):
        assert PAPER["published"]["recall"][name] == matrix[i][i] / sum(row[i] for row in matrix)
    assert {row["published"] for row in PAPER["rows"]} == {"77.9", "-"}


def test_every_row_has_its_command():
    for row in PAPER["rows"]:
        assert row["command"].startswith("python -m experiments.zheng_casia --")
        assert f"--protocol {row['protocol']}" in row["command"]
        assert ("--variant converged" in row["command"]) == (row["variant"] == "converged")
