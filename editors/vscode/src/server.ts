// One server for the window: found, started, restarted, ended; what becomes of it is told as a state.

import * as vscode from "vscode";
import { CloseAction, ConfigurationRequest, DidChangeConfigurationNotification, ErrorAction, LanguageClient, RevealOutputChannelOn, State, type LanguageClientOptions } from "vscode-languageclient/node";
import { findBinary, type Binary } from "./binary";
import { RulePages } from "./commands";

export type Condition =
  | { is: "starting" }
  | { is: "running"; binary: Binary }
  | { is: "stopped" }
  | { is: "failed"; why: string };

/** So often in three minutes it is started again after it ended by itself. */
const PATIENCE = 4;
const MINUTES = 3 * 60_000;

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private changing: Promise<void> = Promise.resolve();
  private ends: number[] = [];
  /** Shows the whole workspace, whatever the setting says. */
  private whole = false;
  private readonly changed = new vscode.EventEmitter<Condition>();
  readonly onChange = this.changed.event;
  condition: Condition = { is: "stopped" };

  constructor(
    private readonly context: vscode.ExtensionContext,
    readonly log: vscode.LogOutputChannel,
  ) {}

  start(): Promise<void> {
    return this.next(() => this.begin());
  }

  restart(): Promise<void> {
    return this.next(async () => {
      await this.end();
      this.ends = [];
      await this.begin();
    });
  }

  stop(): Promise<void> {
    return this.next(() => this.end());
  }

  dispose(): void {
    void this.stop();
    this.changed.dispose();
  }

  /** Asks the server; undefined where none runs or it cannot say. */
  async ask<T>(method: string, params: unknown): Promise<T | undefined> {
    const client = this.client;
    if (!client?.isRunning()) {
      return undefined;
    }
    try {
      return (await client.sendRequest<T | null>(method, params)) ?? undefined;
    } catch (error) {
      this.log.error(`${method}: ${String(error)}`);
      return undefined;
    }
  }

  uri(uri: vscode.Uri): string {
    return this.client?.code2ProtocolConverter.asUri(uri) ?? uri.toString();
  }

  location(location: { uri: string; range: { start: Point; end: Point } }): vscode.Location {
    const { start, end } = location.range;
    const range = new vscode.Range(start.line, start.character, end.line, end.character);
    const uri = this.client?.protocol2CodeConverter.asUri(location.uri) ?? vscode.Uri.parse(location.uri);
    return new vscode.Location(uri, range);
  }

  async checkWorkspace(): Promise<void> {
    this.whole = true;
    await this.client?.sendNotification(DidChangeConfigurationNotification.type, { settings: null });
  }

  /** One change at a time: two quick restarts must not leave two servers. */
  private next(change: () => Promise<void>): Promise<void> {
    this.changing = this.changing.then(change, change);
    return this.changing;
  }

  private async begin(): Promise<void> {
    this.tell({ is: "starting" });
    try {
      const binary = await findBinary(this.context, this.log);
      this.log.info(`${binary.path} (${binary.version}, from ${binary.origin})`);
      const client = this.made(binary);
      this.client = client;
      await client.start();
    } catch (error) {
      this.client = undefined;
      this.fail(error instanceof Error ? error.message : String(error));
    }
  }

  private made(binary: Binary): LanguageClient {
    const configuration = vscode.workspace.getConfiguration("dynaleak");
    const args = ["server", ...configuration.get<string[]>("arguments", [])];
    const options: LanguageClientOptions = {
      documentSelector: [
        { language: "python" },
        { pattern: "**/pyproject.toml" },
        { pattern: "**/{.,}dynaleak.toml" },
      ],
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions: () => this.settings(),
      diagnosticPullOptions: { onChange: true, onSave: true },
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => this.closed(),
      },
      middleware: {
        workspace: {
          configuration: async (params, token, next: ConfigurationRequest.HandlerSignature) => {
            const answers = await next(params, token);
            return Array.isArray(answers) ? answers.map((answer) => this.overridden(answer)) : answers;
          },
        },
      },
    };
    const client = new LanguageClient("dynaleak", "dynaleak", { command: binary.path, args }, options);
    client.onDidChangeState(({ newState }) => {
      if (client !== this.client) {
        return;
      }
      if (newState === State.Running) {
        this.tell({ is: "running", binary });
      } else if (newState === State.Starting) {
        this.tell({ is: "starting" });
      }
    });
    return client;
  }

  private settings(): object {
    return this.overridden({ ...vscode.workspace.getConfiguration("dynaleak") });
  }

  private overridden(settings: unknown): object {
    return { rulePages: RulePages.ADDRESS, ...(settings as object), ...(this.whole ? { diagnosticMode: "workspace" } : {}) };
  }

  /** The server ended by itself: again, but not for ever. */
  private closed() {
    const now = Date.now();
    this.ends = [...this.ends.filter((end) => now - end < MINUTES), now];
    if (this.ends.length <= PATIENCE) {
      this.log.warn("the server ended by itself and is started again");
      return { action: CloseAction.Restart, handled: true };
    }
    this.fail(`the server ended ${this.ends.length} times in three minutes`);
    return { action: CloseAction.DoNotRestart, handled: true };
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client) {
      await client.dispose(10_000).catch((error: unknown) => this.log.warn(String(error)));
    }
    this.tell({ is: "stopped" });
  }

  private fail(why: string): void {
    this.log.error(why);
    this.tell({ is: "failed", why });
    const [logs, settings, again] = ["Show Logs", "Open Settings", "Try Again"];
    void vscode.window.showErrorMessage(`dynaleak does not run: ${why}`, logs, settings, again).then((chosen) => {
      if (chosen === logs) {
        this.log.show();
      } else if (chosen === settings) {
        void vscode.commands.executeCommand("workbench.action.openSettings", "dynaleak");
      } else if (chosen === again) {
        void this.restart();
      }
    });
  }

  private tell(condition: Condition): void {
    this.condition = condition;
    this.changed.fire(condition);
  }
}

interface Point {
  line: number;
  character: number;
}
