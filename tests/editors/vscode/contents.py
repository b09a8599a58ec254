"""What must be in a package of the extension, and nothing else: contents.py DYNALEAK.vsix VERSION"""

import json
import os
import sys
import zipfile

IMAGES = ["fix.png", "problems.png", "why.png"]
WANTED = {
    "[Content_Types].xml",
    "extension.vsixmanifest",
    "extension/LICENSE.txt",
    "extension/changelog.md",
    "extension/dist/extension.js",
    "extension/icon.png",
    "extension/package.json",
    "extension/readme.md",
    "extension/server/dynaleak",
    "extension/walkthrough/workspace.md",
    *(f"extension/images/{name}" for name in IMAGES),
}

path, version = sys.argv[1:]
with zipfile.ZipFile(path) as package:
    found = {each.filename: each for each in package.infolist()}
    script = package.read("extension/dist/extension.js").decode()
    manifest = json.loads(package.read("extension/package.json"))
    platform = b'TargetPlatform="linux-x64"' in package.read("extension.vsixmanifest")
    readme = package.read("extension/readme.md").decode()
wrong = [f"it holds {name}" for name in sorted(set(found) - WANTED)]
wrong += [f"{name} is missing" for name in sorted(WANTED - set(found))]
wrong += ["a source map is named"] if "sourceMappingURL" in script else []
wrong += ["it is for no platform, or another one"] if not platform else []
wrong += [f"its version is {manifest['version']}, the program's {version}"] if manifest["version"] != version else []
wrong += [f"the README shows no {name}" for name in IMAGES if f"images/{name}" not in readme]
for each in wrong:
    print(each, file=sys.stderr)
server = found["extension/server/dynaleak"]
print(
    f"{len(found)} files in {os.path.getsize(path):,} bytes, "
    f"{server.compress_size:,} of them the server's ({server.file_size:,} unpacked)"
)
sys.exit(bool(wrong))
