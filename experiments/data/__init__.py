"""Corpora, their splits, and the audit of what a split leaks.

corpora       CASIA, EMO-DB and RAVDESS as their publishers lay them out; image trees
iemocap       IEMOCAP's folders and labels
synthetic     a synthetic corpus, for tests and first steps
recordings    a file as one channel, and the hash of its samples
splits        training, validation and test files of each protocol
emobox        the fixed folds of the EmoBox benchmark
leakage       what the sides of a split share: content, inputs, speakers, sentences, takes
similar       recordings that sound alike
audit         the audit as a command, for any folders of recordings
"""
