"""The server through which a person's devices sync. It keeps cells and never decides about their values.

merge        one record's heads and cells that arrive: what is written, what is in conflict
packing      a record's heads as few bytes, which keep sealed values as they are
log_store/   where they are kept: SQLite or PostgreSQL under one contract
answer       one request: merged, numbered, and answered with what the device hasn't seen
page         how much of that one reply has
tokens       how far a device has come, as a text that nobody else can make
accounts     accounts, devices and their keys, key bundles
limits       wrong keys, sizes and slowness bounded
metrics      counts for Prometheus
app          the routes
run          the process: address, TLS, what it refuses to do
"""
