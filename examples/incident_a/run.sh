#!/usr/bin/env bash
# Incident A, replayed: chemicals, diseases and influences; every repair left or brought a fault that no curve shows.
#   examples/incident_a/run.sh [OUT]     (OUT: runs/incident-a by default)
# Audits of the five splits of then, then two trainings of the embedded 135M model on 110 short articles' rows.
# Steps that are done are not done again.
set -euo pipefail
examples=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
here=$examples/incident_a
out=${1:-runs/incident-a}
corpus=chemical_disease_tasks
source "$examples/steps.sh"
splits=$MEDSPAN_CORPORA/$corpus

# audit SPLIT [OPTION]...: exit code 1 says that there are errors, which is what is looked for.
audit() {
  local name=$1
  shift
  hidden=yes step "audit-$name" "0 1" medspan audit "$splits/$name" "$@" --quiet --json "$out/$name.json"
  echo "(all findings: $out/steps/audit-$name.txt)"
}
found() { figure finding "$out/$audited.json" "$@"; }

chapter "1. cut without shuffling: two of three tasks are in no test row"
audited=splits_unshuffled
audit $audited
found task-missing-from-split 2 3 --split validation
found task-missing-from-split 2 3 --split test

chapter "2. shuffled, and called repaired: 296 of 300 test rows have their article in train"
audited=splits_20251106
audit $audited
found document-leak 296 300 --split test --against train
found identical-row-leak 239 300 --split test --against train
found identical-row-leak 29 300 --split validation --against test

chapter "3. hyphens became spaces in the targets only"
audited=splits_20251108
audit $audited
found ungrounded-reference 366 6652 --split train
found ungrounded-reference 42 772 --split validation
found ungrounded-reference 38 758 --split test
found document-leak 288 300 --split test --against train

chapter "4. titles were dropped: ends of relations that no model can copy"
audited=splits_20251111
audit $audited
found unreachable-endpoint 153 3308 --split train
found unreachable-endpoint 25 390 --split validation
found unreachable-endpoint 17 400 --split test
found document-leak 294 300 --split test --against train

chapter "5. cut at 2,048 characters: prompts without their closing cue"
audited=splits_cleaned_20251113
audit $audited --original "$splits/splits_20251111"
found prompt-cue-missing 249 2397 --split train
found prompt-cue-missing 32 298 --split validation
found prompt-cue-missing 26 299 --split test
found document-leak 290 299 --split test --against train

chapter "6. an evaluator that knows one form of relations finds 0 of 0; medspan reads all three, and refuses what it cannot"
python "$here/team_parser.py" "$splits"/splits_{20251106,20251108,20251111}/test*.jsonl
python "$here/perfect_answers.py" "$splits"/splits_20251106/test*.jsonl "$out/parser"
answers=(--reference "$out/parser/test.jsonl" --predicted "$out/parser/generated.jsonl")
step parser-wrong 2 medspan evaluate "${answers[@]}" --format sections --quiet
figure says "$out/steps/parser-wrong.txt" -- parser-mismatch "--format tasks"
step parser-right 0 medspan evaluate "${answers[@]}" --quiet --samples 0 --json "$out/parser.json"
figure says "$out/steps/parser-right.txt" "relations, text 1.000 1.000 1.000"

chapter "7. a split by articles: nothing leaks"
step split 0 medspan split "$splits/splits_20251111" --out "$out/clean" --quiet --json "$out/split.json"
hidden=yes step audit-clean "0 1" medspan audit "$out/clean" --quiet --json "$out/clean.json"
figure none "$out/clean.json" document-leak near-duplicate-leak identical-row-leak task-missing-from-split \
  task-share-drift

chapter "8. a small part of the split of 6 November, about half of whose test rows leak"
python "$here/subset.py" "$splits"/splits_20251106/train*.jsonl "$splits"/splits_20251106/test*.jsonl "$out/data"
data=(data.train="$out/data/train.jsonl" data.test="$out/data/test.jsonl")

chapter "9. loops without end: the stop token was never learnt"
training run-on python "$here/train_without_stop.py" "$here/run.yaml" output_dir="$out/run-on" num_train_epochs=2 \
  "${data[@]}"
step evaluate-run-on 0 medspan evaluate "$out/run-on" --quiet
step diagnose-run-on "0 1" medspan diagnose "$out/run-on" --quiet --json "$out/run-on.json"
figure cause "$out/run-on.json" stop-token-untrained

chapter "10. repetition_penalty=1.15 against the loops: now copying is forbidden, too"
[ -d "$out/penalty" ] || { cp -r "$out/run-on" "$out/.penalty" && mv "$out/.penalty" "$out/penalty"; }
step evaluate-penalty 0 medspan evaluate "$out/penalty" --again repetition_penalty=1.15 --quiet
step diagnose-penalty "0 1" medspan diagnose "$out/penalty" --quiet --json "$out/penalty.json"
figure cause "$out/penalty.json" decoding-blocks-copying
figure cause "$out/penalty.json" stop-token-untrained

chapter "11. trained with its stop token: the score on leaked and on clean rows"
training leaky medspan train "$here/run.yaml" output_dir="$out/leaky" "${data[@]}" --quiet
step evaluate-leaky 0 medspan evaluate "$out/leaky" --quiet
step diagnose-leaky "0 1" medspan diagnose "$out/leaky" --quiet --json "$out/leaky.json"
figure cause "$out/leaky.json" leak-inflated-score

chapter "the report that the engineers should have had"
python "$here/report.py" "$out" --splits "$splits"
echo "$out/report.html"
echo "$out/report.md"
