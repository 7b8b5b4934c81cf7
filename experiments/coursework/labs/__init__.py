"""The labs to read and run, one script each: python -m experiments.coursework.labs.lab_1_framing_and_windows

lab_1 .. lab_8    in order; each asks for one function and ends in a check
lab               what the scripts share: figures, options, the check at the end
vowels            formants for lab 5
"""
