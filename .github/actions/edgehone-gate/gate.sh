#!/usr/bin/env bash
# Runs `edgehone gate` with what the environment says (GATE_*), and tells GitHub what came of it.
# Every value is passed as one argument, whatever is in it; the exit code is that of the gate.
set -uo pipefail

output=${GATE_OUTPUT:-edgehone-gate}
mkdir -p -- "$output" || exit 2

arguments=(--json --junit "$output/gate.xml" --markdown "$output/gate.md" --sarif "$output/gate.sarif")
[[ -n ${GATE_STORE:-} ]] && arguments+=(--folder "$GATE_STORE")
[[ -n ${GATE_RUN:-} ]] && arguments+=(--run "$GATE_RUN")
[[ -n ${GATE_BASELINE:-} ]] && arguments+=(--baseline "$GATE_BASELINE")
[[ -n ${GATE_DATA:-} ]] && arguments+=(--data "$GATE_DATA")
[[ ${GATE_FILES_ONLY:-false} == true ]] && arguments+=(--files-only)
[[ ${GATE_FRESH:-false} == true ]] && arguments+=(--fresh)
while IFS= read -r device; do
  device=${device%$'\r'}
  [[ -n $device ]] && arguments+=(--on "$device")
done <<<"${GATE_DEVICES:-}"
arguments+=(-- "${GATE_BUDGETS:-budgets.toml}")
while IFS= read -r file; do
  file=${file%$'\r'}
  [[ -n $file ]] && arguments+=("$file")
done <<<"${GATE_FILES:-}"

# An older run's files must not stand for this one's.
rm -f -- "$output/gate.json" "$output/gate.md" "$output/gate.xml" "$output/gate.sarif"
edgehone gate "${arguments[@]}" >"$output/gate.json"
code=$?

decision=$(python - "$output/gate.json" <<'PYTHON'
import json
import sys

try:
    with open(sys.argv[1], encoding="utf-8") as stream:
        print(json.load(stream).get("decision", ""))
except (OSError, ValueError):
    print("")
PYTHON
)
case $decision in pass | fail | inconclusive) ;; *) decision= ;; esac

# What follows is text of file names and reasons: it gives the runner no commands.
if [[ -f $output/gate.md ]]; then
  pause=$(python -c 'import secrets; print(secrets.token_hex(16))')
  echo "::stop-commands::$pause"
  cat -- "$output/gate.md"
  echo "::$pause::"
fi

tell() { # name value: one line of the step's outputs, whatever is in the value
  local mark
  mark=$(python -c 'import secrets; print(secrets.token_hex(16))')
  printf '%s<<%s\n%s\n%s\n' "$1" "$mark" "$2" "$mark" >>"${GITHUB_OUTPUT:-/dev/null}"
}
tell decision "$decision"
tell exit-code "$code"
[[ -f $output/gate.json ]] && tell document "$PWD/$output/gate.json"
[[ -f $output/gate.sarif ]] && tell sarif "$PWD/$output/gate.sarif"
[[ -f $output/gate.xml ]] && tell junit "$PWD/$output/gate.xml"
[[ -f $output/gate.md ]] && tell markdown "$PWD/$output/gate.md"

# 0 without a decision would be a gate that nobody passed.
if [[ $code -eq 0 && $decision != pass ]]; then
  exit 3
fi
if [[ $code -eq 3 && $decision == inconclusive && ${GATE_ALLOW_INCONCLUSIVE:-false} == true ]]; then
  exit 0
fi
exit "$code"
