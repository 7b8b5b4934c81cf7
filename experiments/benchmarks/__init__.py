"""Speed beside other programs, measured in turns; what was measured lies here as JSON.

features          dsp.extract beside librosa, torch and others: python -m experiments.benchmark_features
signals           the rest of dsp beside librosa, SciPy, soxr and asrfront (its pairs: signal_tasks)
images            spectrogram images beside plain NumPy
training          the CASIA network beside plain PyTorch
training_keras    the Keras papers' networks beside plain PyTorch
recogniser        from a WAV file to a label
"""
