#!/bin/bash
# Records the terminal for README.md: `make recording`. The session is a real one, of session.sh.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/recorder"
"$work/recorder/bin/pip" install --quiet --disable-pip-version-check "termtosvg-ng==1.4.1"
cd "$work"
export PATH="$root/.venv/bin:$PATH" HOME="$work" LANG=C.UTF-8
# The model and the data of the tutorials.
sed -n '/^<!-- file: train.py/,/^```$/p' "$root/docs/tutorials/release-gate.md" | sed '1,2d;$d' > train.py
python train.py > train.log 2>&1
cp "$here/edgehone.toml" "$here/budgets.toml" .
# A terminal of 100 columns, even where there is none.
script --quiet --return --command "stty rows 30 cols 100; '$work/recorder/bin/termtosvg' record \
  session.cast -g 100x30 -c 'bash $here/session.sh'" /dev/null < /dev/null
"$work/recorder/bin/termtosvg" render session.cast session.svg \
  --template window_frame --theme gjm8 --min-frame-duration 200 --max-frame-duration 2500 --loop-delay 4000
cp session.svg "$root/docs/images/session.svg"
