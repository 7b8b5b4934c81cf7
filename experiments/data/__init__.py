"""Recordings and how they are divided: corpora as published, the synthetic one, splits, and what a split leaks.

corpora       CASIA, EMO-DB and RAVDESS as their publishers lay them out; an image tree
iemocap       IEMOCAP's folders and labels
synthetic     a corpus of made-up speech, for everybody who has none
recordings    a file as one channel, and the hash of its samples
splits        training, validation and test files under each protocol
leakage       what a split leaks: the same content, speaker or sentence on both sides
"""
