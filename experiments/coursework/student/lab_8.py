"""Lab 8: a look-up table as a classifier. Copy this file and write the function."""

import numpy as np  # noqa: F401  (for you)


def lookup_labels(train_keys, train_labels, test_keys):
    """For every test file, the most common label of the training files with the same content.

    Among equally common labels, the smallest counts. A key that does not occur in training gets the most common label
    of all training files (again the smallest among equally common ones).

    Parameters
    ----------
    train_keys : (n,) strings; equal content, equal key
    train_labels : (n,) integers >= 0
    test_keys : (m,) strings

    Returns
    -------
    labels : (m,) integers, in the order of test_keys
    """
    raise NotImplementedError
