#!/usr/bin/env bash
# Makes a git repository as an app's team would have it: a commit that passes the gate, one that
# fails it, and one that mends that. Usage: repository.sh FOLDER
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
mkdir "$1" && cd "$1"

commit() {
    git add --all
    git -c user.name=Ana -c user.email=ana@example.com commit --quiet --message "$1"
    git tag "$2"
}

git init --quiet --initial-branch=main
mkdir -p .github/workflows models
cp "$here/models.yml" .github/workflows/
cp "$here/budgets.toml" .
cp "$here/models/digits-int8.tflite" models/digits.tflite
commit "Ship the int8 model, with budgets for it" passing

cp "$here/models/digits-float32.tflite" models/digits.tflite
commit "Try the float32 model" failing

cat >> budgets.toml <<'END'

[[waiver]]
metric = "size_bytes"
reason = "float32 for the field test"
owner = "ana"
expires = 2020-01-31
END
commit "Ask for more room, until a day that is long over" expired

git checkout --quiet passing -- budgets.toml models
commit "Go back to int8" mended
