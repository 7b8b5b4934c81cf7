"""Speed beside other programs, measured in turns; what was measured lies here as JSON.

features          dsp.extract beside librosa, torch and others: python -m experiments.benchmark_features
end_to_end        from audio files to features on disk: python -m experiments.benchmark_features --end-to-end
corpus            dsp-extract on RAVDESS: speed, killed and repeated, on a cluster, memory; beside others
signals           the rest of dsp beside librosa, SciPy, soxr and asrfront (its pairs: signal_tasks)
streaming         dsp.Stream in pieces of 10 ms beside kaldi-native-fbank
images            spectrogram images beside plain NumPy
training          the CASIA network beside plain PyTorch
training_keras    the networks of Dey, Yadav, Wang and Finch beside plain PyTorch
before_after      the front ends and the recogniser of an earlier version and of this one
recogniser        from a WAV file to a label
page              the page in the browser: start, and ten visitors at once
front_end         nets.front_end beside torchaudio, nnAudio, librosa and Kaldi, with gradients
agreement         front ends outside dsp (network, ONNX, C, MATLAB) beside dsp, for every preset
"""
