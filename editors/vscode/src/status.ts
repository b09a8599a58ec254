// The status item: the server's state, and how many findings are shown.

import * as vscode from "vscode";
import type { Server } from "./server";

export class StatusItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("dynaleak", vscode.StatusBarAlignment.Right, 90);
  private readonly listeners: vscode.Disposable[];

  constructor(private readonly server: Server) {
    this.item.name = "dynaleak";
    this.listeners = [server.onChange(() => this.show()), vscode.languages.onDidChangeDiagnostics(() => this.show())];
    this.show();
    this.item.show();
  }

  dispose(): void {
    this.listeners.forEach((listener) => listener.dispose());
    this.item.dispose();
  }

  private show(): void {
    const { condition } = this.server;
    const look = { text: "", tooltip: "", command: "dynaleak.showLogs", color: undefined as string | undefined };
    switch (condition.is) {
      case "starting":
        Object.assign(look, { text: "$(sync~spin) dynaleak", tooltip: "The server starts." });
        break;
      case "stopped":
        Object.assign(look, { text: "$(circle-slash) dynaleak", tooltip: "The server does not run.", command: "dynaleak.restart" });
        break;
      case "failed":
        Object.assign(look, { text: "$(error) dynaleak does not run", tooltip: condition.why, color: "statusBarItem.errorBackground" });
        break;
      case "running": {
        const count = findings().length;
        const words = count === 1 ? "1 finding is shown." : `${count} findings are shown.`;
        const { version, origin } = condition.binary;
        Object.assign(look, {
          text: count === 0 ? "$(check) dynaleak" : `$(warning) dynaleak ${count}`,
          tooltip: `${words}\n\nVersion ${version} from ${origin}.`,
          command: "workbench.actions.view.problems",
        });
      }
    }
    const links = "[Restart](command:dynaleak.restart) · [Logs](command:dynaleak.showLogs) · [Check Workspace](command:dynaleak.checkWorkspace)";
    const tooltip = new vscode.MarkdownString("", true);
    tooltip.isTrusted = { enabledCommands: ["dynaleak.restart", "dynaleak.showLogs", "dynaleak.checkWorkspace"] };
    for (const paragraph of look.tooltip.split("\n\n")) {
      tooltip.appendText(paragraph).appendMarkdown("\n\n");
    }
    this.item.text = look.text;
    this.item.tooltip = tooltip.appendMarkdown(links);
    this.item.command = look.command;
    this.item.backgroundColor = look.color ? new vscode.ThemeColor(look.color) : undefined;
    this.item.accessibilityInformation = { label: `dynaleak: ${look.tooltip.replaceAll("\n", " ")}`, role: "button" };
  }
}

/** All that the server says now, in whatever file. */
export function findings(): [vscode.Uri, vscode.Diagnostic][] {
  return vscode.languages
    .getDiagnostics()
    .flatMap(([uri, items]) => items.filter((item) => item.source === "dynaleak").map((item): [vscode.Uri, vscode.Diagnostic] => [uri, item]));
}
