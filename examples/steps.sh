# What both replays share: the corpora's folder, steps that are done once, and the figures that they must show.
# Sourced by run.sh after `examples` (this folder) and `out` (the output folder) are set.

if [ -z "${MEDSPAN_CORPORA:-}" ] || [ ! -d "${MEDSPAN_CORPORA:-}/$corpus" ]; then
  echo "$(basename "$(dirname "$0")")/run.sh: the folder $corpus is not in MEDSPAN_CORPORA (${MEDSPAN_CORPORA:-not set})." \
    "What to do: export MEDSPAN_CORPORA=FOLDER, where FOLDER/$corpus holds the corpus (examples/README.md)" >&2
  exit 2
fi
if ! command -v medspan >/dev/null; then
  if [ ! -x "$examples/../.venv/bin/medspan" ]; then
    echo "medspan is not installed. What to do: make setup, then source .venv/bin/activate" >&2
    exit 2
  fi
  PATH=$(cd "$examples/../.venv/bin" && pwd):$PATH
fi
mkdir -p "$out/steps"

# step NAME CODES COMMAND...: run the command unless it was run before; what it prints is kept in steps/NAME.txt.
# With `hidden=yes` before it, the terminal does not show what it prints.
# CODES: the exit codes of a finished step, such as "0 1" (1: done, and the verdict is bad; 2: refused).
step() {
  local name=$1 codes=$2 code start=$SECONDS
  shift 2
  if [ -f "$out/steps/$name.txt" ]; then
    echo "(done before: $out/steps/$name.txt)"
    return
  fi
  echo "\$ $*"
  set +e
  "$@" 2>&1 | if [ "${hidden:-}" ]; then cat >"$out/steps/.$name"; else tee "$out/steps/.$name"; fi
  code=${PIPESTATUS[0]}
  set -e
  if [[ " $codes " != *" $code "* ]]; then
    echo "run.sh: the step $name ended with exit code $code. Started again, the script goes on with it." >&2
    exit 2
  fi
  mv "$out/steps/.$name" "$out/steps/$name.txt"
  echo "($name: $((SECONDS - start)) s)"
}

# training NAME COMMAND...: a step that trains into $out/NAME, and goes on where a stopped training was.
training() {
  local name=$1
  shift
  if [ -f "$out/$name/config.yaml" ]; then set -- "$@" --resume; fi
  step "train-$name" 0 "$@"
}

# figure ...: compare a figure with what it must be, and stop where it is not.
figure() { python "$examples/figure.py" "$@"; }

chapter() { printf '\n== %s\n' "$1"; }
