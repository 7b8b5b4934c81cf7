"""What the doctor finds, as a picture.

command    python -m experiments.doctor_report
panels     what stands in the figure
"""
