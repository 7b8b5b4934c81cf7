"""The trained networks for people who want an answer, not an experiment: a recording in, an emotion out.

    python -m experiments.recogniser                      a window
    python -m experiments.recogniser --audio speech.wav   the same answers on the command line
    python -m experiments.recogniser --live               emotion over time: one line a second from the microphone
    python -m experiments.recogniser --export             the network as TorchScript and ONNX, and samples to answer
    python -m experiments.recogniser.page OUT             a static page for a browser: a file or the microphone

Reading order: recording (any file as one channel, with a note of every step), views (what each network sees),
trained (loads runs of the experiments), core (the answer), labels (emotions in file names), verdict (right, wrong, or
already known), live (a recording in progress), batch (a folder of files), drawing (the answer as a picture), portable
and whole_graph (exports),
exporting, command. The window is in app/; nothing else needs Qt.
"""
