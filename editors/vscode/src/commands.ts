// The commands, each one wish that the server or VS Code fulfils.

import * as vscode from "vscode";
import type { Server } from "./server";
import type { WhyPanel } from "./why";

interface Rule {
  code: string;
  name: string;
  effect: string | null;
  severity: string;
  summary: string;
  explanation: string;
}

export function registerCommands(context: vscode.ExtensionContext, server: Server, why: WhyPanel): void {
  const pages = new RulePages(server);
  const commands: Record<string, (...args: never[]) => unknown> = {
    "dynaleak.why": (uri?: vscode.Uri, position?: vscode.Position) => why.open(uri, position),
    "dynaleak.explainRule": (code?: string) => pages.open(code),
    "dynaleak.fixAll": () => vscode.commands.executeCommand("editor.action.codeAction", { kind: "source.fixAll.dynaleak", apply: "first" }),
    "dynaleak.checkWorkspace": () => checkWorkspace(server),
    "dynaleak.restart": () => server.restart(),
    "dynaleak.showLogs": () => server.log.show(),
    "dynaleak.showDebugInformation": () => showDebugInformation(context, server),
  };
  for (const [name, run] of Object.entries(commands)) {
    context.subscriptions.push(vscode.commands.registerCommand(name, run));
  }
  context.subscriptions.push(
    vscode.workspace.registerTextDocumentContentProvider(RulePages.SCHEME, pages),
    vscode.languages.registerCodeActionsProvider({ language: "python" }, new WhyActions(), { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] }),
  );
}

async function checkWorkspace(server: Server): Promise<void> {
  await server.checkWorkspace();
  await vscode.commands.executeCommand("workbench.actions.view.problems");
}

async function showDebugInformation(context: vscode.ExtensionContext, server: Server): Promise<void> {
  const { condition } = server;
  const information = {
    extension: (context.extension.packageJSON as { version: string }).version,
    vscode: vscode.version,
    platform: `${process.platform}-${process.arch}`,
    trusted: vscode.workspace.isTrusted,
    folders: vscode.workspace.workspaceFolders?.map((folder) => folder.uri.toString()) ?? [],
    condition,
    settings: vscode.workspace.getConfiguration("dynaleak"),
    server: await server.ask("workspace/executeCommand", { command: "dynaleak.debugInformation" }),
  };
  const content = JSON.stringify(information, null, 2) + "\n";
  const document = await vscode.workspace.openTextDocument({ language: "json", content });
  await vscode.window.showTextDocument(document);
}

/** Rules' pages as read-only Markdown documents, in the preview. */
export class RulePages implements vscode.TextDocumentContentProvider {
  static readonly SCHEME = "dynaleak-rule";
  /** Where the server finds them for the link on a finding's code. */
  static readonly ADDRESS = `${RulePages.SCHEME}:/{code}.md`;

  constructor(private readonly server: Server) {}

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const code = uri.path.replace(/^\/|\.md$/g, "");
    return (await this.rules(code))[0]?.explanation ?? `No rule \`${code}\`, or the server does not run.\n`;
  }

  async open(code?: string): Promise<void> {
    const chosen = code ?? (await this.chosen());
    if (chosen) {
      const uri = vscode.Uri.from({ scheme: RulePages.SCHEME, path: `/${chosen}.md` });
      await vscode.commands.executeCommand("markdown.showPreviewToSide", uri);
    }
  }

  /** The rules of the findings at the cursor stand first. */
  private async chosen(): Promise<string | undefined> {
    const rules = await this.rules();
    if (rules.length === 0) {
      void vscode.window.showWarningMessage("The rules are the server's, and it does not run.");
      return undefined;
    }
    const here = new Set(findingsAtCursor().map((finding) => codeOf(finding)));
    const items = rules.map((rule) => ({
      label: rule.code,
      description: [rule.name, rule.effect].filter(Boolean).join(" · "),
      detail: rule.summary,
    }));
    items.sort((a, b) => Number(here.has(b.label)) - Number(here.has(a.label)));
    const chosen = await vscode.window.showQuickPick(items, { placeHolder: "Explain which rule?", matchOnDescription: true, matchOnDetail: true });
    return chosen?.label;
  }

  private async rules(code?: string): Promise<Rule[]> {
    return (await this.server.ask<Rule[]>("dynaleak/rules", { code })) ?? [];
  }
}

/** Offers the picture where the rewrites are offered. */
class WhyActions implements vscode.CodeActionProvider {
  provideCodeActions(document: vscode.TextDocument, _range: vscode.Range, context: vscode.CodeActionContext): vscode.CodeAction[] {
    const findings = context.diagnostics.filter((item) => item.source === "dynaleak" && item.relatedInformation?.length);
    return findings.map((finding) => {
      const action = new vscode.CodeAction("Why is this held?", vscode.CodeActionKind.QuickFix);
      action.command = { command: "dynaleak.why", title: action.title, arguments: [document.uri, finding.range.start] };
      return action;
    });
  }
}

export function findingsAtCursor(): vscode.Diagnostic[] {
  const editor = vscode.window.activeTextEditor;
  const items = editor ? vscode.languages.getDiagnostics(editor.document.uri) : [];
  return items.filter((item) => item.source === "dynaleak" && editor && item.range.contains(editor.selection.active));
}

function codeOf(item: vscode.Diagnostic): string {
  return String(typeof item.code === "object" ? item.code.value : item.code);
}
