"""The labs, one script each, to read and to run: python -m experiments.coursework.labs.lab_1_framing_and_windows

lab_1 .. lab_8    in order; each asks for one function and ends with a check
lab               what the scripts share: options, figures, the check at the end
vowels            a vowel glide with known formants, for lab 5
"""
