import * as vscode from 'vscode';
import { featureSettings } from '../settings.ts';
import { windowCommand } from './definition.ts';

export const LIVE_FIGURES_COMMANDS = {
  'llmd.toggleLiveFigures': windowCommand('llmd.toggleLiveFigures', {
    async run({ host }) {
      const on = !(featureSettings().liveFigures ?? false);
      await keep(on);
      host.say(
        on
          ? 'Live figures are on: your ready model servers are asked while a view shows them.'
          : 'Live figures are off.',
      );
    },
  }),
  'llmd.showLiveFigures': windowCommand('llmd.showLiveFigures', {
    run: ({ host }) => host.panels.showLiveFigures(),
  }),
};

/** The setting is the memory: it is written where it is set already, else for the user. */
async function keep(on: boolean): Promise<void> {
  const configuration = vscode.workspace.getConfiguration('llmd');
  const set = configuration.inspect('liveFigures.enabled');
  const target =
    set?.workspaceFolderValue !== undefined
      ? vscode.ConfigurationTarget.WorkspaceFolder
      : set?.workspaceValue !== undefined
        ? vscode.ConfigurationTarget.Workspace
        : vscode.ConfigurationTarget.Global;
  await configuration.update('liveFigures.enabled', on, target);
}
