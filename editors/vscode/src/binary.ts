// Which program is the server: the setting, the workspace's Python environment, the PATH, the one that comes along.

import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import * as vscode from "vscode";

export interface Binary {
  path: string;
  version: string;
  /** Where it was found, as it is shown. */
  origin: string;
}

/** Why no server can be started, in words for people. */
export class NoBinary extends Error {}

const NAME = process.platform === "win32" ? "dynaleak.exe" : "dynaleak";
const SCRIPTS = process.platform === "win32" ? "Scripts" : "bin";

export async function findBinary(context: vscode.ExtensionContext, log: vscode.LogOutputChannel): Promise<Binary> {
  const configured = vscode.workspace.getConfiguration("dynaleak").get<string>("path", "").trim();
  if (configured) {
    const file = expanded(configured);
    try {
      return { path: file, version: await versionOf(file), origin: "the setting `dynaleak.path`" };
    } catch (error) {
      throw new NoBinary(`\`dynaleak.path\` is ${file}, which cannot be started: ${reason(error)}`);
    }
  }
  for (const [file, origin] of await candidates(context)) {
    try {
      await access(file, constants.X_OK);
    } catch {
      continue;
    }
    try {
      return { path: file, version: await versionOf(file), origin };
    } catch (error) {
      log.warn(`${file} (${origin}) cannot be started: ${reason(error)}`);
    }
  }
  throw new NoBinary("no `dynaleak` program was found: install it, or set `dynaleak.path`");
}

async function candidates(context: vscode.ExtensionContext): Promise<[string, string][]> {
  const bundled: [string, string] = [context.asAbsolutePath(path.join("server", NAME)), "the extension"];
  if (!vscode.workspace.isTrusted) {
    // A program in the workspace's folder is the workspace's word.
    return [bundled];
  }
  const environments = (await environmentFolders()).map((folder): [string, string] => [path.join(folder, NAME), "the Python environment"]);
  const folders = (process.env["PATH"] ?? "").split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  return [...environments, ...folders.map((folder): [string, string] => [path.join(folder, NAME), "the PATH"]), bundled];
}

/** Where programs of the workspace's Python environments lie. */
async function environmentFolders(): Promise<string[]> {
  const folders: string[] = [];
  const roots = vscode.workspace.workspaceFolders ?? [];
  const python = await pythonExtension();
  for (const root of roots) {
    const executable = await python?.(root.uri);
    if (executable) {
      folders.push(path.dirname(executable));
    }
  }
  for (const root of roots.filter((root) => root.uri.scheme === "file")) {
    folders.push(...[".venv", "venv"].map((name) => path.join(root.uri.fsPath, name, SCRIPTS)));
  }
  return folders;
}

type Interpreter = (resource: vscode.Uri) => Promise<string | undefined>;

/** What the Python extension says, if it is there and says anything. */
async function pythonExtension(): Promise<Interpreter | undefined> {
  const extension = vscode.extensions.getExtension("ms-python.python");
  if (!extension) {
    return undefined;
  }
  try {
    const environments = (await extension.activate())?.environments;
    return async (resource) => {
      const active = environments?.getActiveEnvironmentPath(resource);
      const environment = active && (await environments.resolveEnvironment(active));
      return environment?.executable?.uri?.fsPath;
    };
  } catch {
    return undefined;
  }
}

/** Calls back when another interpreter is chosen. */
export async function onInterpreterChange(context: vscode.ExtensionContext, changed: () => void): Promise<void> {
  try {
    const environments = (await vscode.extensions.getExtension("ms-python.python")?.activate())?.environments;
    const listener = environments?.onDidChangeActiveEnvironmentPath?.(changed);
    if (listener) {
      context.subscriptions.push(listener);
    }
  } catch {
    // Without the Python extension nothing of it changes.
  }
}

function expanded(text: string): string {
  const root = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? "";
  const home = text === "~" || text.startsWith("~/") || text.startsWith("~\\") ? os.homedir() + text.slice(1) : text;
  const full = home.replaceAll("${workspaceFolder}", root);
  return path.isAbsolute(full) || !root ? full : path.join(root, full);
}

/** Starts it once, so that what is no server is told apart from one that fails later. */
async function versionOf(file: string): Promise<string> {
  const { stdout } = await promisify(execFile)(file, ["--version"], { timeout: 60_000 });
  const version = /^dynaleak (\S+)/.exec(stdout)?.[1];
  if (!version) {
    throw new Error(`it answers \`--version\` with ${JSON.stringify(stdout.slice(0, 80))}`);
  }
  return version;
}

function reason(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: string };
  switch (code) {
    case "ENOENT":
      return "there is no such file";
    case "EACCES":
      return "it may not be executed";
    default:
      return (message ?? String(error)).trim();
  }
}
