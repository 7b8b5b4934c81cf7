"""Any recording in, an emotion out: the trained networks for people who want an answer, not an experiment.

    python -m experiments.recogniser                    a window
    python -m experiments.recogniser --wav speech.wav   the same answers as a command

Reading order: recording (any file as one channel, every step told), views (what each network sees), trained
(runs of the experiments, loaded), core (the answer), labels (what a file's name tells), batch (a folder's
files), __main__ (the command). The window: window, pages, work (off the window's thread), microphone, display.
Nothing but the window's files needs Qt.
"""
