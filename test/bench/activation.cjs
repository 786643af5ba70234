// Runs inside the extension host of a window that did not use the extension yet: opens the Cluster view, which activates it,
// waits for the first rows, and asks for the summary of a trace. Times are the host's own: VS Code marks when it loads and activates an extension.
const { statSync } = require('node:fs');
const { join } = require('node:path');
const vscode = require('vscode');

const ID = 'llm-d-workbench.llm-d-workbench';

/** The files of the bundle that were loaded so far. */
function loaded(extension) {
  const files = Object.keys(require.cache).filter((file) => file.startsWith(join(extension.extensionPath, 'dist')));
  return { files: files.length, bytes: files.reduce((sum, file) => sum + statSync(file).size, 0) };
}

/** Milliseconds since the epoch, whole ones. */
function mark(name) {
  const found = globalThis.MonacoPerformanceMarks.getMarks().find((each) => each.name === `code/extHost/${name}/${ID}`);
  if (!found) throw new Error(`VS Code has no mark ${name} for ${ID}`);
  return found.startTime;
}

function firstRows({ tree }) {
  return new Promise((resolve) => {
    // Only a group of nodes can be opened; what else a view says while it connects can not.
    const look = () =>
      tree.rows.some((row) => row.expand !== undefined) && resolve(performance.timeOrigin + performance.now());
    tree.onDidChangeTreeData(look);
    look();
  });
}

exports.run = async () => {
  const extension = vscode.extensions.getExtension(ID);
  if (!extension) throw new Error('the extension is not there');
  if (extension.isActive) throw new Error('the extension was active before the bench opened its view');
  const opening = vscode.commands.executeCommand('llmd.cluster.focus');
  const { trees, workbench } = await extension.activate();
  const atOnce = loaded(extension);
  const rows = await firstRows(trees.cluster);
  await opening;
  const withRows = loaded(extension);
  const trace = join(vscode.workspace.workspaceFolders[0].uri.fsPath, process.env.BENCH_TRACE);
  const asked = performance.now();
  const { errors } = await workbench.traces.summaries([trace], new AbortController().signal);
  const summary = performance.now() - asked;
  if (errors.length > 0) throw new Error(errors[0].message);
  console.log(
    `ACTIVATION ${JSON.stringify({
      load: mark('didLoadExtensionCode') - mark('willLoadExtensionCode'),
      activate: mark('didActivateExtension') - mark('willActivateExtension'),
      rows: rows - mark('didActivateExtension'),
      atOnce,
      withRows,
      summary,
    })}`,
  );
};
