// "Why is this held?": the server's picture of a finding's trail, beside the code; its steps lead to their lines.

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { Server } from "./server";

interface Trail {
  /** Names the finding, also after edits above it. */
  fingerprint: string;
  code: string;
  title: string;
  /** The whole picture; an element with `data-step` leads to that step. */
  svg: string;
  steps: { location: Parameters<Server["location"]>[0] }[];
}

export class WhyPanel implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private shown: { uri: vscode.Uri; trail: Trail } | undefined;
  private readonly listener: vscode.Disposable;

  constructor(private readonly server: Server) {
    this.listener = vscode.languages.onDidChangeDiagnostics(({ uris }) => {
      const shown = this.shown;
      if (shown && uris.some((uri) => uri.toString() === shown.uri.toString())) {
        void this.refresh();
      }
    });
  }

  dispose(): void {
    this.listener.dispose();
    this.panel?.dispose();
  }

  /** Of the finding at a place, by default at the cursor. */
  async open(uri?: vscode.Uri, position?: vscode.Position): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const document = uri ?? editor?.document.uri;
    const at = position ?? editor?.selection.active;
    if (!document || !at) {
      return;
    }
    const trail = await this.ask(document, { position: { line: at.line, character: at.character } });
    if (!trail) {
      void vscode.window.showInformationMessage("dynaleak: no finding stands here, so nothing is known to be held.");
      return;
    }
    this.show(document, trail);
  }

  private ask(uri: vscode.Uri, which: object): Promise<Trail | undefined> {
    return this.server.ask<Trail>("dynaleak/trail", { textDocument: { uri: this.server.uri(uri) }, ...which });
  }

  private show(uri: vscode.Uri, trail: Trail): void {
    this.shown = { uri, trail };
    this.panel ??= this.made();
    this.panel.title = `${trail.code}: Why Is This Held?`;
    this.panel.webview.html = page(trail);
    this.panel.reveal(undefined, true);
  }

  /** The code changed: the same finding's picture as it is now. */
  private async refresh(): Promise<void> {
    const shown = this.shown;
    if (!shown || !this.panel) {
      return;
    }
    const trail = await this.ask(shown.uri, { fingerprint: shown.trail.fingerprint });
    if (this.shown !== shown || !this.panel) {
      return;
    }
    if (!trail) {
      void this.panel.webview.postMessage({ gone: true });
    } else if (trail.svg !== shown.trail.svg) {
      this.shown = { uri: shown.uri, trail };
      this.panel.webview.html = page(trail);
    } else {
      this.shown = { uri: shown.uri, trail };
      void this.panel.webview.postMessage({ gone: false });
    }
  }

  private made(): vscode.WebviewPanel {
    const column = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
    const panel = vscode.window.createWebviewPanel("dynaleak.why", "Why Is This Held?", column, { enableScripts: true, localResourceRoots: [] });
    panel.webview.onDidReceiveMessage((message: { step?: number }) => this.go(message.step));
    panel.onDidDispose(() => {
      this.panel = undefined;
      this.shown = undefined;
    });
    return panel;
  }

  private async go(number: number | undefined): Promise<void> {
    const step = this.shown?.trail.steps[number ?? -1];
    if (!step) {
      return;
    }
    const { uri, range } = this.server.location(step.location);
    // Not over the picture.
    const beside = vscode.window.visibleTextEditors.find((editor) => editor.viewColumn !== this.panel?.viewColumn);
    const viewColumn = beside?.viewColumn ?? vscode.ViewColumn.One;
    await vscode.window.showTextDocument(uri, { viewColumn, selection: range });
  }
}

function page(trail: Trail): string {
  const nonce = randomBytes(16).toString("hex");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-${nonce}'">
<style>
body { padding: 8px; }
svg { max-width: 100%; min-width: 400px; height: auto; display: block; margin: 0 auto; }
[data-step] { cursor: pointer; }
#gone { display: none; padding: 8px; margin-bottom: 12px; border: 1px solid var(--vscode-charts-green); }
body.gone #gone { display: block; }
body.gone svg { opacity: 0.4; }
</style>
</head>
<body>
<p id="gone" role="status">This finding is gone.</p>
${trail.svg}
<script nonce="${nonce}">
const code = acquireVsCodeApi();
document.addEventListener("click", (event) => {
  const step = event.target.closest("[data-step]");
  if (step) {
    event.preventDefault();
    code.postMessage({ step: Number(step.dataset.step) });
  }
});
window.addEventListener("message", ({ data }) => document.body.classList.toggle("gone", data.gone));
</script>
</body>
</html>`;
}
