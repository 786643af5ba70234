// `npm run demo`: a demo cluster and a VS Code with the extension. `--tour` (or no terminal) goes round the loop by itself.
import { mkdir, readFile, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { background } from './lib/background.ts';
import { kubeToolNeeds, kubeTools } from './lib/clients.ts';
import { ensure } from './lib/needs.ts';
import { refused } from './lib/refusal.ts';
import { run } from './lib/run.ts';
import { say } from './lib/say.ts';
import { hasDisplay, which } from './lib/system.ts';
import { browserNeeds, vsCodeNeeds } from './lib/vscode.ts';
import { startWorkbenchServer } from './lib/workbench-window.ts';
import { TourReport } from './tour/report.ts';
import { tour } from './tour/steps.ts';
import { Window } from './tour/window.ts';
import { prepareWorkspace, whatToClick } from './tour/workspace.ts';

const root = join(import.meta.dirname, '..');
const out = join(root, 'out');
const driven = process.argv.includes('--tour') || !process.stdin.isTTY;
const build = !process.argv.includes('--no-build');

const { name, version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
  name: string;
  version: string;
};
const vsix = join(out, `${name}-${version}.vsix`);
const cli = join(root, 'dist', 'llmdw.mjs');

const desktop = driven ? undefined : await desktopCode();
// All at once and before anything else: a person is told of all that is missing, and nothing is half there.
await ensure([...kubeToolNeeds, ...(desktop === undefined ? vsCodeNeeds : []), ...(driven ? browserNeeds : [])]).catch(
  refused,
);
if (build) await run('node', ['scripts/package.ts'], { cwd: root });
const tools = await kubeTools();
const kubeconfig = join(out, 'demo', 'kubeconfig');
const env = {
  // For terminals and scripts; the extension itself is told by its settings.
  PATH: [dirname(tools.kubectl), dirname(tools.helm), process.env['PATH'] ?? ''].join(delimiter),
  KUBECONFIG: kubeconfig,
};

await rm(join(out, 'demo'), { recursive: true, force: true });
await mkdir(join(out, 'demo'), { recursive: true });
const cluster = background('node', [cli, 'demo', '--kubeconfig', kubeconfig], { env });
const stops: (() => Promise<void>)[] = [() => cluster.stop()];
try {
  const [, url] = await cluster.printed(/serves (\S+)/, 60_000);
  say(`demo cluster: ${url ?? ''}`);
  if (driven) await drive();
  else await openForPerson();
} finally {
  for (const stop of stops.toReversed()) await stop();
}

async function drive(): Promise<void> {
  const workspace = join(out, 'tour', 'workspace');
  await rm(join(out, 'tour'), { recursive: true, force: true });
  await prepareWorkspace(workspace);
  const server = await startWorkbenchServer({ vsix, workspace, data: join(out, 'tour', 'vscode'), env, tools });
  stops.push(() => server.stop());
  const window = await Window.open(server.url);
  stops.push(() => window.close());
  const report = new TourReport(join(out, 'tour'));
  try {
    await tour({ window, report, workspace, cli, env });
  } finally {
    say(`report: ${await report.write()}`);
  }
}

/** The `code` of a machine with a desktop. */
async function desktopCode(): Promise<string | undefined> {
  return hasDisplay() ? which(process.platform === 'win32' ? 'code.cmd' : 'code') : undefined;
}

async function openForPerson(): Promise<void> {
  const workspace = join(out, 'demo-workspace');
  await prepareWorkspace(workspace);
  const data = join(out, 'demo-vscode');
  say('What to click:');
  for (const [index, line] of whatToClick.entries()) console.log(`  ${index + 1}. ${line}`);
  if (desktop !== undefined) {
    const common = ['--user-data-dir', join(data, 'user'), '--extensions-dir', join(data, 'extensions')];
    await run(desktop, [...common, '--install-extension', vsix, '--force'], { env });
    say('VS Code opens; close its window to end the demo');
    await execa(desktop, [...common, '--wait', '--new-window', workspace], { env, reject: false });
    return;
  }
  const server = await startWorkbenchServer({ vsix, workspace, data, env, tools });
  stops.push(() => server.stop());
  say(`VS Code in the browser: ${server.url}`);
  say('Ctrl-C ends the demo');
  await new Promise<void>((resolve) => process.once('SIGINT', resolve));
}
