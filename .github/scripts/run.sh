#!/usr/bin/env bash
# Runs one command of reconciler. Every value comes by the environment, so that nothing a branch, a config or an
# input is called can become a part of a script.
#
# In: COMMAND, CONFIGS; but for validate TARGET and BASE (may be empty); for plan OUT;
# for apply RECORD, GH_TOKEN, and OVERWRITE, ALLOW_CHANGES, ONLY, which may be empty.
set -euo pipefail

args=(--configs "$CONFIGS")

against_target() {
  args+=(--target "$TARGET")
  if [[ -n "${BASE:-}" ]]; then args+=(--base "$BASE"); fi
}

# Adds a flag for each of the ids in a text: each_id --only "a b" → --only a --only b.
each_id() {
  local id ids
  read -ra ids <<<"${2//$'\n'/ }"
  for id in "${ids[@]}"; do args+=("$1" "$id"); done
}

case "$COMMAND" in
  validate)
    exec reconciler validate "${args[@]}" --format github
    ;;
  plan)
    against_target
    mkdir -p "$OUT"
    status=0
    reconciler plan "${args[@]}" --format github --out "$OUT/plan.json" || status=$?
    # Where files are invalid or the API fails there is no plan; then the comment says that, instead of an older plan.
    if [[ -s "$OUT/plan.json" ]]; then
      reconciler show "$OUT/plan.json" --format markdown >"$OUT/plan.md"
    fi
    exit "$status"
    ;;
  apply)
    against_target
    each_id --overwrite "${OVERWRITE:-}"
    each_id --only "${ONLY:-}"
    if [[ -n "${ALLOW_CHANGES:-}" ]]; then args+=(--allow-changes "$ALLOW_CHANGES"); fi
    # The record goes to the remote before the first write and at the end, so that it outlasts a runner that is lost.
    exec "$(dirname "${BASH_SOURCE[0]}")/with-token.sh" \
      reconciler apply "${args[@]}" --yes --record "$RECORD" --push-record origin
    ;;
  *)
    echo "::error::reconciler's action runs validate, plan or apply, not \"$COMMAND\"."
    exit 64
    ;;
esac
