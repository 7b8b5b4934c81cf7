"""The labs, one script each, to read and to run: python -m experiments.coursework.labs.lab_1_framing_and_windows

lab_1 .. lab_12   each asks for one function and ends with a check; TEACHING.md says in which order to do them
lab               what the scripts share: options, figures, sounds, the check at the end
conventions       a course's profile as one of dsp's conventions, for the figures
vowels            a vowel glide and words of vowels with known formants, for labs 5 and 12
alignment         the cheapest path through a matrix, for lab 12
"""
