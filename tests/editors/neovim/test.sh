#!/usr/bin/env bash
# The plugin in one Neovim: test.sh NVIM SERVER
set -euo pipefail
nvim=$1 server=$(realpath "$2")
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(cd "$(mktemp -d)" && pwd -P)
trap 'rm -rf "$scratch"' EXIT
cp -r "$here/../files" "$scratch/files"
touch "$scratch/files/dynaleak.toml"
# A copy, for help tags are written into it.
cp -r "$here/../../../editors/neovim" "$scratch/plugin"
export FOLDER=$scratch/files SERVER=$server PLUGIN=$scratch/plugin
for folder in CONFIG DATA STATE CACHE; do
  export "XDG_${folder}_HOME=$scratch/$folder"
  mkdir "$scratch/$folder"
done
export TOLD=$scratch/told
status=0
timeout 600 "$nvim" --headless --clean --cmd "set runtimepath^=$scratch/plugin" -c "luafile $here/test.lua" > "$scratch/out" 2>&1 < /dev/null || status=$?
cat "$TOLD"
# Neovim can end well without having come to the end.
if [ "$status" -ne 0 ] || ! tail -n 1 "$TOLD" | grep -qx OK; then
  cat "$scratch/out"
  echo "$nvim: failed ($status)" >&2
  exit 1
fi
