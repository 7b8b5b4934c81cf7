"""What leaves this folder: files for students, and for the programs that grade them elsewhere.

bundle          the files that a program needs, by its imports
stored_task     a lab's cases as numbers, without its solution
assignments     notebooks for Otter-Grader and nbgrader
in_notebook     the check as a cell of a notebook
notebooks       labs as executed notebooks
gradescope      a report as Gradescope's results.json
autograder      the archive for Gradescope
"""
