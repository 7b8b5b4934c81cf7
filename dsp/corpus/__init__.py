"""Features of a whole corpus: extracted shard by shard, on one core or a cluster, and read back by number.

    import dsp
    dsp.corpus.extract("RAVDESS", "FEATURES", "kaldi_fbank", resample=16000, channel="mix", workers=8)
    features = dsp.corpus.open_features("FEATURES")
    features[0]                      # (rows, frames)
    features.index[0]["path"]        # of the recording

The same from a shell: `python -m dsp.corpus RAVDESS FEATURES --convention kaldi_fbank --resample 16000 --channel mix`.

Reading order:

    items               one item: a recording or a part of it, and the name that its features get
    manifests           what to extract: folders, lists, tables
    foreign_manifests   manifests of lhotse and Kaldi
    plan                headers, channels, the cut into shards
    formats             writers and readers of .npy, .npz, .h5, .ark, .htk, .parquet and .csv
    layout              the files of an extraction
    shard               one shard, from recordings to files
    executors           processes, dask and any executor; attempts
    extraction          `extract`: everything above in order
    features            `open_features`: reading
    row_statistics      `statistics`: mean and deviation of every row over training files
    __main__            the command

This package moves data and computes no features itself; dsp.extract does.
"""

from dsp.corpus.extraction import Summary, extract
from dsp.corpus.features import Features, open_features
from dsp.corpus.row_statistics import Statistics, statistics

__all__ = ["Features", "Statistics", "Summary", "extract", "open_features", "statistics"]
