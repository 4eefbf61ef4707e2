"""Todos and hours a week: level, trend, and what the next weeks will bring.

pace        the level of the last weeks and its trend
throughput  `forecast_throughput`, its scenarios and its measured coverage
ensemble    the models thrown together, in shares each has earned on the person's own past
worked      a model: weeks are worked or not, by a chance and an amount that drift
stretches   a model: what really followed past weeks like these
past        normal weeks, their levels and their grain, as the models read them
"""
