"""What the doctor finds, as a picture: python -m experiments.doctor_report. dsp/doctor/picture/ draws it."""
