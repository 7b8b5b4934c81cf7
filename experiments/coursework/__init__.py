"""Twelve short labs, from pre-emphasis to why splits matter; each ends with a check of the student's own function.

Start with labs/lab_1_framing_and_windows.py. Copy student/lab_1.py, write the function, and run

    python -m experiments.check my_lab_1.py --lab 1

Reading order for instructors: task, course_profile, tasks/lab_1; then compare (what the check says about numbers)
and sandbox/ (how it runs a student's function).
"""
