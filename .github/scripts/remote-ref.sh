#!/usr/bin/env bash
# Prints the commit that the remote has at a ref, given by its full name: remote-ref.sh refs/heads/main. Exits with 2
# where the remote has no such ref, and as git does where the remote does not answer.
#
# `git ls-remote` matches names by their tail, so it also lists a branch that is called x/refs/heads/main. Of an
# annotated tag it lists the tag, and the commit that the tag points to under the same name with ^{}.
#
# In: GH_TOKEN.
set -euo pipefail

git="$(dirname "${BASH_SOURCE[0]}")/git-with-token.sh"
wanted="$1"

listed="$("$git" ls-remote --quiet origin "$wanted" "$wanted^{}")"

found="" pointed_to=""
while read -r object name; do
  case "$name" in
    "$wanted") found="$object" ;;
    "$wanted^{}") pointed_to="$object" ;;
  esac
done <<<"$listed"

if [[ -z "$found" ]]; then exit 2; fi
echo "${pointed_to:-$found}"
