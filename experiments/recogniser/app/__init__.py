"""The recogniser's window, in Qt; everything that it shows comes from the Qt-free modules one folder above.

window        the window and what its buttons do
bar           buttons, keys, the list of runs
pages         no run yet, loading, ready, one recording, a folder
work          a thread for answers, a process for training
microphone    recording
display       opens the window, or says why it cannot be opened
"""
