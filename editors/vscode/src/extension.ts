// Starts the server and keeps it as the settings want it; all that is said of Python code the server says.

import * as vscode from "vscode";
import { onInterpreterChange } from "./binary";
import { registerCommands } from "./commands";
import { Server } from "./server";
import { StatusItem } from "./status";
import { WhyPanel } from "./why";

/** Another program or other arguments: only a new process takes them. */
const RESTARTING = ["dynaleak.path", "dynaleak.arguments"];

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<Server> {
  const log = vscode.window.createOutputChannel("dynaleak", { log: true });
  const started = new Server(context, log);
  server = started;
  const why = new WhyPanel(started);
  context.subscriptions.push(log, started, new StatusItem(started), why);
  registerCommands(context, started, why);
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (RESTARTING.some((setting) => event.affectsConfiguration(setting))) {
        void started.restart();
      }
    }),
    // Now the workspace's own program counts.
    vscode.workspace.onDidGrantWorkspaceTrust(() => started.restart()),
  );
  await started.start();
  void onInterpreterChange(context, () => void started.restart());
  return started;
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
