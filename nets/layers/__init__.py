"""Layers that PyTorch lacks or computes differently.

matlab                 as in MATLAB's trainNetwork: zero-centered images, one-step LSTM, initial values
keras                  as in Keras: batch normalization, LSTM with one bias, TimeDistributed, initial values
dynamic_convolution    a convolution that mixes a kernel for each example
keras_summary          prints a network as Keras does
"""
