"""What the doctor found as a picture, and as one HTML page with the text. Only here does it draw, with matplotlib.

panels.py    what stands in the figure
page.py      the page, with the figure inside
"""
