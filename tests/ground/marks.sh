#!/usr/bin/env bash
# Nothing left undone in the text, and no path of the machine it was written on. Usage: marks.sh ROOT
. "$(dirname "$0")/tree.sh"

# The brackets keep this file from finding itself.
marks='\b(TOD[O]|FIXM[E]|XX[X]|HAC[K])\b|DISABLE[D]_'
machine='(^|[^A-Za-z0-9_.~-])/(wor[k]|hom[e]|roo[t]|User[s])/'
while IFS= read -r file; do
  while IFS= read -r hit; do report "mark: $file:$hit"; done < <(grep -nIE "$marks" "$file")
  while IFS= read -r hit; do report "machine path: $file:$hit"; done < <(grep -nIE "$machine" "$file")
done < <(tree_files | grep -vx 'LICENSE')

# A file holds one noun; at 500 lines it holds several.
while IFS= read -r file; do
  lines=$(wc -l <"$file")
  [ "$lines" -le 500 ] || report "long: $file has $lines lines, 500 is the limit"
  head -n 2 "$file" | grep -qE '^//' || report "unlabelled: $file does not start with a comment that says what it is"
done < <(code_files include src cli bench tests examples)
finish
