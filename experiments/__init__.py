"""The papers' experiments: one file per paper, and the folders that they share.

    python -m experiments                    lists the papers, their commands, costs and results
    python -m experiments.zheng_casia        runs a paper on a synthetic corpus, or with --data DIR on the real one
    python -m experiments.trace              draws every stage of a convention for one recording
    python -m experiments.recogniser         asks a trained network about recordings
    python -m experiments.page               a page in the browser: explore, verify, recognize, read results

The folders, in the order of the pipeline. Each imports only from the folders above it:

    common/        paths, locks, provenance, timing, Markdown
    data/          corpora, splits, the leakage audit
    inputs/        what each network sees
    evaluation/    metrics, stored results, comparisons, tables
    figures/       the papers' figures, traces, the doctor's report
    training/      training loop, optimizers, runs, command line
    coursework/    labs and their checks
    recogniser/    a trained network as a program
    page/          all of it in the browser: python -m experiments.page
    benchmarks/    speed

To read one experiment from top to bottom, start with zheng_casia.py.
"""

PAPERS = ("zheng_casia", "dey_emodb", "yadav_crnn", "finch_dycnn", "wang_cl")
