import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { background, type Background } from './background.ts';
import type { KubeTools } from './clients.ts';
import { freePort } from './port.ts';
import { vsCodeServer } from './vscode.ts';

/** Settings that keep a driven VS Code quiet. */
const quietSettings = {
  'chat.disableAIFeatures': true,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'telemetry.telemetryLevel': 'off',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'git.openRepositoryInParentFolders': 'never',
  'remote.autoForwardPorts': false,
  // Drawn as text, so that a test can read it.
  'terminal.integrated.gpuAcceleration': 'off',
} as const;

/** Whether the folder opens in Restricted Mode, as any folder does that nobody trusts yet; else VS Code starts without workspace trust. */
export interface TrustOption {
  readonly restricted?: boolean;
}

/** The question at the start would stand before a driven window. */
const restrictedSettings = {
  'security.workspace.trust.enabled': true,
  'security.workspace.trust.startupPrompt': 'never',
} as const;

/** Writes the settings of a driven VS Code below its data folder: a server reads most in `Machine`, a desktop all in `User`, and trust counts there alone. */
export async function writeSettings(
  data: string,
  tools: KubeTools,
  { restricted = false }: TrustOption,
): Promise<void> {
  const settings = {
    ...quietSettings,
    'workbench.colorTheme': 'Dark Modern',
    ...toolSettings(tools),
    ...(restricted ? restrictedSettings : {}),
  };
  for (const folder of ['Machine', 'User']) {
    await mkdir(join(data, folder), { recursive: true });
    await writeFile(join(data, folder, 'settings.json'), `${JSON.stringify(settings, undefined, 2)}\n`);
  }
}

/** The extension's own settings for kubectl and helm. */
function toolSettings(tools: KubeTools): Readonly<Record<string, string>> {
  return { 'llmd.kubectlPath': tools.kubectl, 'llmd.helmPath': tools.helm };
}

export function trustFlags({ restricted = false }: TrustOption): readonly string[] {
  return restricted ? [] : ['--disable-workspace-trust'];
}

export interface WorkbenchServer {
  readonly url: string;
  stop(): Promise<void>;
}

export interface WorkbenchServerOptions extends TrustOption {
  readonly vsix: string;
  readonly workspace: string;
  /** Holds user data and extensions; kept between starts by who wants that. */
  readonly data: string;
  readonly env: Readonly<Record<string, string>>;
  readonly tools: KubeTools;
  readonly port?: number;
}

/** The packaged extension in a real VS Code that is served to a browser on 127.0.0.1. */
export async function startWorkbenchServer(options: WorkbenchServerOptions): Promise<WorkbenchServer> {
  const { entry } = await vsCodeServer();
  const user = join(options.data, 'user');
  const extensions = join(options.data, 'extensions');
  await mkdir(extensions, { recursive: true });
  // A server takes its PATH from a login shell, so what this script put on its own would be lost.
  await writeSettings(user, options.tools, options);
  const common = ['--user-data-dir', user, '--extensions-dir', extensions];
  await execa('node', [entry, ...common, '--install-extension', options.vsix], {
    env: options.env,
    stdout: 'ignore',
    stderr: 'inherit',
  });
  const port = options.port ?? (await freePort());
  const server: Background = background(
    'node',
    [
      entry,
      ...common,
      '--auth',
      'none',
      '--bind-addr',
      `127.0.0.1:${port}`,
      '--disable-telemetry',
      '--disable-update-check',
      ...trustFlags(options),
      options.workspace,
    ],
    { env: options.env },
  );
  await server.printed(/HTTP server listening/, 60_000);
  return {
    url: `http://127.0.0.1:${port}/?folder=${encodeURIComponent(options.workspace)}`,
    stop: () => server.stop(),
  };
}
