"""What a reader waits for, as ratios of two things timed in one run: make bench."""
