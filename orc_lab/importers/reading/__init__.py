"""What formats share.

source        a file, a paste or bytes, and the text in it, whatever its encoding
values        words, dates, durations and numbers as files write them
fields        one record's fields in the types that a row needs, with what was odd about them
quick_fields  the same of a record whose tool writes dates in one form
json_file     a JSON text as a whole, and what in it is a secret
json_pieces   a JSON text taken piece by piece, so that a large export never stands in memory as a whole
work_time     wall-clock times as instants, an interval of work as a session
comments      a comment as a note among the activities
links         addresses that stood in a title
lived         what the start and the end of a task change in its row
persons       whose rows of a table
"""
