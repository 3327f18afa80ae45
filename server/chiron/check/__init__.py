"""`chiron check`: what the validator finds in files and folders, told as text, JSON or SARIF, and mended.

collect.py   paths -> the files with something to check, and the project each belongs to
run.py       files -> findings; with `fix`, files -> mended files
report.py    findings -> what is printed
"""
