"""Every figure: MATLAB's and Keras' as the papers print them, and pictures of what a recording goes through.

matlab           training progress, plotconfusion, the panel of six emotions
keras            learning curves, confusion heat maps
preprocessing    what the networks of the papers see of a recording
trace/           one recording through a convention, a figure a stage: python -m experiments.trace
doctor/          two feature files, their difference, and what makes it: python -m experiments.doctor_report
"""
