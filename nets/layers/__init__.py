"""Layers that PyTorch lacks or computes differently.

matlab                 what MATLAB's trainNetwork does: zero-centred images, one-step LSTM, initial values
keras                  what Keras does: batch normalisation, LSTM with one bias, TimeDistributed, initial values
dynamic_convolution    a convolution whose kernel is mixed for every example
keras_summary          a network printed as Keras prints it
"""
