"""What a reader waits for, each as a ratio of two things timed in one run: ``make bench``."""
