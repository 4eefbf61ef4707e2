"""Todos and hours a week: level, trend, and what the next weeks will bring.

throughput  the level of the last weeks, and `forecast_throughput` with its measured coverage
"""
