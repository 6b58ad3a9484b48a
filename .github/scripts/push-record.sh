#!/usr/bin/env bash
# Pushes the record that apply made, also after an apply that failed half-way: what was written is written.
# Never by force: each record follows the one before it, so a push that is refused means that another run came between.
#
# In: RECORD, GH_TOKEN.
set -euo pipefail

git="$(dirname "${BASH_SOURCE[0]}")/git-with-token.sh"

if ! git rev-parse --quiet --verify "$RECORD^{commit}" >/dev/null; then
  echo "There is no $RECORD: this run ended before anything could be applied."
  exit 0
fi

"$git" push --quiet origin "$RECORD:$RECORD"
echo "$RECORD is now $(git rev-parse --short "$RECORD")."
