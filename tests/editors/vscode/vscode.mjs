// A real VS Code (its server build) with the packaged extension, and a browser with its window.
//
// TOOLS is the folder of install.sh. Nothing outside the machine is asked for: what the window tries is in `outside`.

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright-core";

const TOOLS = process.env.TOOLS;
const NODE = join(TOOLS, "node/bin/node");
const SERVER = join(TOOLS, "vscode/out/server-main.js");

/** Machines can be busy, and processes can be stopped for a minute. */
export const PATIENCE = Number(process.env.PATIENCE ?? 150_000);

const SETTINGS = {
  "telemetry.telemetryLevel": "off",
  "workbench.startupEditor": "none",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.tips.enabled": false,
  "chat.disableAIFeatures": true,
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "update.mode": "none",
  "git.enabled": false,
  "files.autoSave": "off",
  "window.menuBarVisibility": "hidden",
  "editor.minimap.enabled": false,
  "security.workspace.trust.enabled": false,
};

const BROWSER = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** Waits until `made` gives something, and gives that. */
export async function until(what, made, patience = PATIENCE) {
  const end = Date.now() + patience;
  let last;
  for (;;) {
    try {
      const value = await made();
      if (value) {
        return value;
      }
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) {
      throw new Error(`waited in vain: ${what}${last ? ` (${last})` : ""}`);
    }
    await sleep(50);
  }
}

/**
 * Installs the packages, opens the folder (or `.code-workspace` file) and shows it.
 *
 * `tests`: a module that runs in the extension host; its words go to `console.log`, its end to `finished`.
 */
export async function open({ folder, workspace, vsix, settings = {}, tests, env = {} }) {
  const root = mkdtempSync(join(tmpdir(), "dynaleak-vscode-"));
  const made = (name) => {
    mkdirSync(join(root, name), { recursive: true });
    return join(root, name);
  };
  const user = made("data/data/User");
  const set = (changed) => {
    Object.assign(settings, changed);
    writeFileSync(join(user, "settings.json"), JSON.stringify({ ...SETTINGS, ...settings }, null, 2));
    writeFileSync(join(made("data/data/Machine"), "settings.json"), JSON.stringify({ ...SETTINGS, ...settings }, null, 2));
  };
  set({});
  const environment = {
    ...process.env,
    HOME: made("home"),
    // The window asks a marketplace that is built in if it is told of none.
    EXTENSIONS_GALLERY: JSON.stringify({ serviceUrl: "" }),
    ...env,
  };
  const base = [SERVER, "--accept-server-license-terms", "--telemetry-level", "off", "--server-data-dir", join(root, "data"), "--extensions-dir", made("extensions")];
  for (const file of vsix) {
    await ended(spawn(NODE, [...base, "--install-extension", file, "--force"], { stdio: ["ignore", "ignore", "inherit"], env: environment }));
  }
  const arguments_ = ["--host", "127.0.0.1", "--port", "0", "--without-connection-token", "--enable-smoke-test-driver"];
  const server = spawn(NODE, [...base, ...arguments_], { stdio: ["ignore", "pipe", "pipe"], env: environment, detached: true });
  let log = "";
  for (const stream of [server.stdout, server.stderr]) {
    stream.on("data", (data) => (log += data));
  }
  const port = await until("VS Code's server", () => /127\.0\.0\.1:(\d+)/.exec(log)?.[1]);

  const browser = await chromium.launchPersistentContext(made("browser"), {
    executablePath: join(TOOLS, "chromium/chromium"),
    headless: true,
    viewport: { width: 1280, height: 800 },
    args: BROWSER,
  });
  browser.setDefaultTimeout(PATIENCE);
  const outside = [];
  await browser.route(
    (url) => url.hostname !== "127.0.0.1" && /^(https?|wss?):$/.test(url.protocol),
    (route) => {
      outside.push(route.request().url());
      return route.abort();
    },
  );
  const page = browser.pages()[0] ?? (await browser.newPage());
  page.on("dialog", (dialog) => dialog.accept());
  let finish;
  const finished = new Promise((resolve) => (finish = resolve));
  if (tests) {
    await page.exposeFunction("codeAutomationLog", (_, words) => told(words.map(String).join(" ")));
    await page.exposeFunction("codeAutomationExit", (code) => finish(code));
  }
  const payload = tests ? [["extensionDevelopmentPath", remote(tests.extension)], ["extensionTestsPath", remote(tests.module)]] : [];
  function remote(path) {
    return `vscode-remote://127.0.0.1:${port}${path}`;
  }
  const opened = workspace ? { workspace } : { folder };
  const query = new URLSearchParams({ ...opened, ...(tests ? { payload: JSON.stringify(payload) } : {}) });
  await page.goto(`http://127.0.0.1:${port}/?${query}`);

  const close = async () => {
    await browser.close().catch(() => {});
    for (const signal of ["SIGTERM", "SIGKILL"]) {
      try {
        process.kill(-server.pid, signal);
      } catch {
        break;
      }
      for (let i = 0; i < 60 && server.exitCode === null && server.signalCode === null; i++) {
        await sleep(50);
      }
    }
    await sleep(100);
    rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  };
  return { page, root, outside, finished, set, close, log: () => log };
}

/** The processes that run a program under a folder, as [id, arguments]. */
export function processes(folder) {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((id) => {
      try {
        const program = readlinkSync(`/proc/${id}/exe`);
        return program.startsWith(folder) ? [[Number(id), readFileSync(`/proc/${id}/cmdline`, "utf8").split("\0")]] : [];
      } catch {
        return [];
      }
    });
}

function ended(child) {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`${child.spawnargs.join(" ")}: ended with ${code}`))));
  });
}

/** Of what the window says, the tests' own lines; all of it with DEBUG. */
function told(line) {
  if (process.env.DEBUG || /^(ok|NOT OK|\d+ passed)/.test(line)) {
    console.log(line);
  }
}
