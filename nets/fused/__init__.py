"""The same networks, computed faster: fuse(net) shares the weights of `net` and gives the same logits and gradients.

You need not read this package to understand a network. tests/test_fused_nets_are_equal.py compares both versions.

    fuse                replaces the blocks of a network by faster ones
    exact_batch_norm    batch normalization for channels-last images, without loss of digits
    first_block         the first convolution of a network, with its normalization and pooling
    pooled_block        convolution, normalization and pooling in one pass
    pooling_loops       the compiled loops of pooled_block
"""
