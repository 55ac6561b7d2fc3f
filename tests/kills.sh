#!/bin/sh
# Kills 200 runs at random moments and resumes them; says how many were killed, and fails if a byte differs.
LOOPHOLE_KILLS="${1:-200}" exec sh "$(dirname "$0")/lines_of.sh" a_run_killed_at_any_moment 'runs killed|test result'
