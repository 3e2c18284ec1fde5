#!/usr/bin/env bash
# Every back-quoted path of the repository and every relative link in the documents exists. Usage: documented_paths.sh ROOT
. "$(dirname "$0")/tree.sh"

documents=()
for file in README.md CONTRIBUTING.md SECURITY.md CHANGELOG.md $(find docs -name '*.md' 2>/dev/null | sort); do
  [ -f "$file" ] && documents+=("$file")
done
folders='include|src|cli|bench|tests|examples|docs|profiles|scripts|cmake'

for document in "${documents[@]}"; do
  # `src/core/planner.cpp`, `scripts/bench --quick`, `docs/*.md`; a word in CAPITALS or <angles> stands for a name.
  while IFS= read -r token; do
    path=${token%% *}
    path=${path%%:[0-9]*}
    case $path in *'<'* | *'{'* | *'$'* | *...*) continue ;; esac
    path=$(sed -E 's/\b(NAME|NNNN)\b/*/g; s/NNNN/*/g; s|/$||' <<<"$path")
    compgen -G "$path" >/dev/null || report "$document: \`$token\` does not exist"
  done < <(grep -oE '`[^`]+`' "$document" | tr -d '`' |
    grep -E "^(($folders)/[^ ]*|(CMakeLists|[A-Z]+)\.(md|txt)|CMakePresets\.json|LICENSE|NOTICE)( |$)")

  # [text](relative/path#part)
  while IFS= read -r link; do
    path=${link%%#*}
    [ -n "$path" ] || continue
    [ -e "$(dirname "$document")/$path" ] || report "$document: link to $link does not exist"
  done < <(grep -oE '\]\([^) ]+\)' "$document" | sed -E 's/^\]\((.*)\)$/\1/' | grep -vE '^(https?|mailto):|^#')
done
finish
