"""From an error to a sentence, an advice and an exit code: a table for each area."""
