"""One submission: what it holds, whether it keeps the lab's rules, and which mistake explains its numbers.

task            a lab's task as data: function, cases, known mistakes
submission      a student's file as text: the function and its parameters
notebook        the program in a notebook
rules           what a lab refuses
probes          how a function is called, and what it does to its arguments
compare         hints about numbers that are wrong
explain         the mistakes, and pairs of mistakes, that give the student's numbers
judge           the verdict on every case
words           faults of a program in plain words
"""
