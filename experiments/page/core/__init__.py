"""What the page computes, without any page: the same functions serve a notebook, a test or another face.

explore     every stage of a convention on a few seconds of sound, as small float32 arrays
setup       a preset and its changes: from and to controls, links, TOML and Python
verify      the doctor and the comparison of images, for files that somebody handed in
recognize   a trained network's answers
papers      the tables and curves of stored results
"""
