#!/usr/bin/env bash
# Incident B, replayed: v1 extracts, v4 writes what is not in its text, and the loss looked normal for both.
#   examples/incident_b/run.sh [OUT]     (OUT: runs/incident-b by default)
# Two trainings of the embedded 135M model on 80 notes, then the doctor. Steps that are done are not done again.
set -euo pipefail
examples=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
here=$examples/incident_b
out=${1:-runs/incident-b}
corpus=synthetic_2026
source "$examples/steps.sh"
data=$MEDSPAN_CORPORA/$corpus
parts=(data.train="$data/train.json" data.test="$data/test.json")

chapter "v1: 3 epochs on 80 notes, 32 test notes answered greedily"
training v1 medspan train "$here/v1.yaml" output_dir="$out/v1" "${parts[@]}" --quiet
step evaluate-v1 0 medspan evaluate "$out/v1" --json "$out/v1.json" --quiet

chapter "v4: 5 epochs; evaluated with the two options that nobody suspected for six versions"
training v4 medspan train "$here/v4.yaml" output_dir="$out/v4" "${parts[@]}" --quiet
step evaluate-v4 0 medspan evaluate "$out/v4" repetition_penalty=1.5 no_repeat_ngram_size=3 \
  --json "$out/v4.json" --quiet

chapter "what separates v4 from v1? The sentence of the project's own investigation is answered under both decodings"
step diagnose "0 1" medspan diagnose "$out/v4" --against "$out/v1" \
  --text "Patient has diabetes and takes metformin daily." \
  --html "$out/report.html" --markdown "$out/report.md" --json "$out/diagnosis.json"
figure cause "$out/diagnosis.json" decoding-blocks-copying --first
figure cause "$out/diagnosis.json" labels-not-inferable
figure told "$out/diagnosis.json" closed-vocabulary
figure cleared "$out/diagnosis.json" wording-sensitive template-mismatch input-ignored environment-changed data-changed
python "$here/excluded.py" "$out/diagnosis.json"

chapter "the report that the engineers should have had"
echo "$out/report.html"
echo "$out/report.md"
