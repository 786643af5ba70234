// Runs inside the extension host: how long `activate` takes, module load included, in a window that did not use it yet.
const vscode = require('vscode');

exports.run = async () => {
  const extension = vscode.extensions.getExtension('llm-d-workbench.llm-d-workbench');
  if (!extension) throw new Error('the extension is not there');
  const already = extension.isActive;
  const started = performance.now();
  await extension.activate();
  console.log(`ACTIVATION ${JSON.stringify({ already, ms: performance.now() - started })}`);
};
