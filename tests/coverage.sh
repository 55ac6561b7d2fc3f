#!/bin/sh
# Coverage of 95% intervals over 1,000 seeds (or as many as named), for what is estimated and every sampling scheme.
LOOPHOLE_SEEDS="${1:-1000}" exec sh "$(dirname "$0")/lines_of.sh" intervals_cover_the_truth '^\||test result|under'
