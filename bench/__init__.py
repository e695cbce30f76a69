"""Timings as ratios: `make bench`. Two ways of doing the same, side by side in one run."""
