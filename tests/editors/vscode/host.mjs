// Runs host/ inside VS Code's extension host, with the extension as it was packaged: node host.mjs dynaleak.vsix

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { open } from "./vscode.mjs";

const vsix = resolve(process.argv[2]);
const here = import.meta.dirname;
const scratch = mkdtempSync(join(tmpdir(), "dynaleak-host-"));
execFileSync("python3", ["-m", "zipfile", "-e", vsix, scratch]);
// Python's zipfile leaves out the mode.
execFileSync("chmod", ["+x", join(scratch, "extension/server/dynaleak")]);
mkdirSync(join(scratch, "first"));
mkdirSync(join(scratch, "second"));
cpSync(join(here, "../files"), join(scratch, "first"), { recursive: true });
cpSync(join(here, "../files"), join(scratch, "second"), { recursive: true });
const workspace = join(scratch, "both.code-workspace");
writeFileSync(workspace, JSON.stringify({ folders: [{ path: "first" }, { path: "second" }] }));

// A stand-in for the Python extension, installed as that is.
const python = join(scratch, "python.vsix");
const vsce = join(here, "../../../editors/vscode/node_modules/@vscode/vsce/vsce");
const options = ["package", "--out", python, "--allow-missing-repository", "--skip-license", "--no-dependencies"];
execFileSync(process.execPath, [vsce, ...options], { cwd: join(here, "python"), stdio: ["ignore", "ignore", "inherit"] });

const vscode = await open({
  workspace,
  vsix: [python],
  tests: { extension: join(scratch, "extension"), module: join(here, "host/index.cjs") },
});
const code = await Promise.race([vscode.finished, sleep(600_000).then(() => 99)]);
if (code) {
  await vscode.page.screenshot({ path: join(process.env.SHOTS ?? tmpdir(), "host-failed.png") }).catch(() => {});
  console.error(vscode.log().slice(-3000));
}
await vscode.close();
rmSync(scratch, { recursive: true, force: true });
if (vscode.outside.length > 0) {
  console.log("outside requests, refused:", vscode.outside.join(" "));
}
console.log(code ? `host: failed (${code})` : "host: passed");
process.exit(code ? 1 : 0);
