"""What `orc export` wrote.

document   a whole workbench with its log
merge      the same into a workbench in use: by ids, the newest counts
json_rows  a JSON document of any length, read from its file piece by piece
"""
