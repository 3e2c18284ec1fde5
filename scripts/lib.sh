# Sourced by the scripts: steps that are silent while they go well. Logs lie in build/logs.

# quietly NAME COMMAND...: one line on stderr; the end of the log when it fails.
quietly() {
  local name=$1 log=build/logs/$1.log code=0
  shift
  mkdir -p build/logs
  printf '%s ... ' "$name" >&2
  "$@" >"$log" 2>&1 </dev/null || code=$?
  if [ $code -eq 0 ]; then
    echo "done" >&2
  else
    echo "failed" >&2
    tail -n 60 "$log" >&2
    echo "whole log: $log" >&2
  fi
  return $code
}
