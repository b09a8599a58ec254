// The part of the Python extension's interface that counts here; `choose` is what a user's choice does.

const vscode = require("vscode");

exports.activate = () => {
  const changed = new vscode.EventEmitter();
  let chosen;
  return {
    environments: {
      getActiveEnvironmentPath: () => chosen && { id: chosen, path: chosen },
      resolveEnvironment: async ({ path }) => ({ executable: { uri: vscode.Uri.file(path) } }),
      onDidChangeActiveEnvironmentPath: changed.event,
    },
    choose(path) {
      chosen = path;
      changed.fire({ path });
    },
  };
};
