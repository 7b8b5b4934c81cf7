"""The same networks, computed faster: fuse(net) shares net's weights and gives its logits and gradients.

Nobody needs to read this to understand a network; tests/test_arranged_nets_are_equal.py holds it to the plain one.

    fuse                the network with its blocks replaced
    exact_batch_norm    batch normalisation whose running statistics are those of the plain layer
    first_block         a first convolution with pooling
    pooled_block        convolution, normalisation, activation and pooling in one pass
    pooling_loops       its compiled loops
"""
