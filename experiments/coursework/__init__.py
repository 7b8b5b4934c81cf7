"""Twelve short labs, from pre-emphasis to why splits matter; each ends with a check of the student's own function.

Start with labs/lab_1_framing_and_windows.py. Copy student/lab_1.py, write the function, and run

    python -m experiments.check my_lab_1.py --lab 1

    labs/        the labs as programs;  student/  what students start from;  tasks/  cases, solutions, known mistakes
    profiles/    the parameters of courses, read by course_profile
    sandbox/     runs a student's function where it can do no harm
    checking/    one submission: its verdict and its report
    classroom/   a class: gradebook, reports, similar submissions
    handouts/    what students and graders elsewhere get
    check, release, notebooks    the commands

Reading order for instructors: TEACHING.md, checking/task, course_profile, tasks/lab_1; then checking/compare (what the
check says about numbers) and sandbox/.
"""
