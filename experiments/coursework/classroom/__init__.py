"""A class: many submissions, one gradebook.

hand_ins        the submissions in a folder, as people or learning platforms lay them out
roster          who should have handed in, and when
workers         one process per submission, several at a time
similar         submissions that are nearly the same
report          a report per student, and the summary
gradebook       the whole class: graded, resumed, written
"""
