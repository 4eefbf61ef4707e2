"""How a project is doing: rules that explain, and the chance of trouble to decide by.

snapshot    the facts about one project at an instant: `ProjectSnapshot`; on_time: P(on time) and a safe date
thresholds  where the rules draw their lines
patterns    what speaks for or against a project, each with its evidence
rules       a score from 80 by patterns
risks       what threatens a project, and the steps against it
history     the score at past instants

trouble     `HealthModel`: chances of overrun, dormancy and lateness learned from the person's own past, as `Trouble`
            (chances); plain: the rules' facts from a bare frame
learned     what the past teaches: from stretches of work cut on their way (cohorts), by what was known of the rest
            (remaining, tallies), and from looks at projects (looks: dormancy, lateness); by shrunken regressions
"""
