"""All figures: MATLAB's and Keras' as the papers print them, and pictures of what happens to a recording.

matlab           training progress, plotconfusion, the panel of six emotions
keras            learning curves, confusion heat maps
reliability      how often answers are right, by their probability
preprocessing    how two papers prepare a recording for their networks: python -m experiments.figures
trace/           one recording through a convention, one figure per stage: python -m experiments.trace
doctor/          two feature files, their difference, and its causes: python -m experiments.doctor_report
"""
