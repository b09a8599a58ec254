// Packages the extension with one server in it: node package.mjs --target linux-x64 --binary ../../target/release/dynaleak

import { execFileSync } from "node:child_process";
import { chmodSync, closeSync, copyFileSync, mkdirSync, openSync, readSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

process.chdir(fileURLToPath(new URL(".", import.meta.url)));
const { values } = parseArgs({ options: { target: { type: "string" }, binary: { type: "string" }, out: { type: "string" } } });
const { target, binary } = values;
if (!target || !binary) {
  throw new Error("--target and --binary are needed");
}
const is = platformOf(binary);
if (is !== target.replace("alpine", "linux")) {
  throw new Error(`${binary} is for ${is}, not for ${target}`);
}

const out = values.out ?? `dynaleak-${target}.vsix`;
rmSync("server", { recursive: true, force: true });
mkdirSync("server");
const server = join("server", target.startsWith("win32") ? "dynaleak.exe" : "dynaleak");
copyFileSync(binary, server);
chmodSync(server, 0o755);
// Line tables are for those who build it themselves; a foreign binary is taken as it is.
if (target === "linux-x64" && process.platform === "linux" && process.arch === "x64") {
  execFileSync("strip", ["--strip-debug", server], { stdio: "inherit" });
}
execFileSync(process.execPath, ["build.mjs"], { stdio: "inherit" });
const options = ["--target", target, "--out", out, "--no-dependencies", "--no-rewrite-relative-links", "--allow-missing-repository"];
execFileSync(process.execPath, ["node_modules/@vscode/vsce/vsce", "package", ...options], { stdio: "inherit" });
console.log(`${out}: ${statSync(out).size} bytes, of these the server's ${statSync(server).size} before compression`);

/** What a program runs on, by its own header, in vsce's words. */
function platformOf(file) {
  const header = Buffer.alloc(4096);
  const handle = openSync(file);
  readSync(handle, header, 0, header.length, 0);
  closeSync(handle);
  const name = (system, machines, machine) => `${system}-${machines[machine] ?? `unknown (${machine.toString(16)})`}`;
  if (header.readUInt32BE(0) === 0x7f454c46) {
    return name("linux", { 0x3e: "x64", 0xb7: "arm64", 0x28: "armhf" }, header.readUInt16LE(18));
  }
  if (header.readUInt32LE(0) === 0xfeedfacf) {
    return name("darwin", { 0x01000007: "x64", 0x0100000c: "arm64" }, header.readUInt32LE(4));
  }
  if (header.readUInt16LE(0) === 0x5a4d) {
    return name("win32", { 0x8664: "x64", 0xaa64: "arm64" }, header.readUInt16LE(header.readUInt32LE(0x3c) + 4));
  }
  return "no known system";
}
