"""What all agents together have to say about a project.

known      everything that is computed once and asked for many projects
span       the time frames of a summary, and the steps in which their trends are looked at
trends     progress, velocity and quality over a span, each with its slope
measures   velocity and productivity over a span
told       the same as entries of the ledger
suggest    what could be done better, by named rules
summary    `generate_project_summary`: insights, metrics, trends
analysis   `analyze_project`: health, risks, optimisations, predictions over 30 days
"""
