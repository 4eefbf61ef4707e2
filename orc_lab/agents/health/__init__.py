"""How a project is doing: rules that explain, and the chance of trouble to decide by.

snapshot  the facts about one project at an instant: `ProjectSnapshot`
rules     a score from 80 by patterns, each with its evidence
risks     what threatens a project, and the steps against it
"""
