-- What the agents' rows lacked: whose day a forecast was for and what its outcome needs; which rule advised, for which
-- day, and what the person answered.

ALTER TABLE forecasts ADD COLUMN day TEXT;
ALTER TABLE forecasts ADD COLUMN detail TEXT;
CREATE INDEX forecasts_by_model ON forecasts (origin, model);

ALTER TABLE recommendations ADD COLUMN rule TEXT;
ALTER TABLE recommendations ADD COLUMN day TEXT;
ALTER TABLE recommendations ADD COLUMN snoozed_until TEXT;
ALTER TABLE recommendations ADD COLUMN why TEXT;
CREATE INDEX recommendations_by_day ON recommendations (day);

CREATE INDEX knowledge_by_part ON knowledge (part, name);
