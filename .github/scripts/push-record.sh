#!/usr/bin/env bash
# Pushes the record that apply made, also after an apply that failed half-way: what was written is written.
# Never by force: each record follows the one before it, so a push that is refused means that another run came between.
#
# The record goes out by way of a folder of refs, because `git push` takes a plain destination for the tail of a name: where
# the remote has a branch called refs/reconciler/production, the record would land in that branch. A pattern is exact.
#
# In: RECORD, GH_TOKEN.
set -euo pipefail

git="$(dirname "${BASH_SOURCE[0]}")/git-with-token.sh"

if ! commit="$(git show-ref --verify --hash "$RECORD" 2>/dev/null)"; then
  echo "There is no $RECORD: this run ended before anything could be applied."
  exit 0
fi

folder="refs/outgoing-$$" # of this run alone, so that nothing that an earlier one left behind goes out too
trap 'git update-ref -d "$folder/${RECORD#refs/}"' EXIT
git update-ref "$folder/${RECORD#refs/}" "$commit"
"$git" push --quiet origin "$folder/*:refs/*"
echo "$RECORD is now ${commit:0:7}."
