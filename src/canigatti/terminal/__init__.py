"""What a run of the workflow prints: one line per job, its progress and time left, and why a job failed."""
