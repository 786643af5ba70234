import * as vscode from 'vscode';
import type { Settings } from '../compose.ts';
import { perfettoSource, productionPatterns } from './folder-settings.ts';

/** The settings that the features read, but for the owner; one that is not as it has to be counts as its default. */
export function featureSettings(): Omit<Settings, 'owner'> {
  const configuration = vscode.workspace.getConfiguration('llmd');
  const kubeconfig = text(configuration.get('kubeconfig'));
  const kubectlPath = text(configuration.get('kubectlPath'));
  const helmPath = text(configuration.get('helmPath'));
  return {
    ...(kubeconfig === '' ? {} : { kubeconfig }),
    ...(kubectlPath === '' ? {} : { kubectlPath }),
    ...(helmPath === '' ? {} : { helmPath }),
    demoSpeed: number(configuration.get('demo.speed'), Number.MIN_VALUE, Number.MAX_VALUE) ?? 1,
    perfettoSource: perfettoSource(configuration.inspect('perfetto.source')),
    liveFigures: configuration.get('liveFigures.enabled') === true,
    liveFiguresSeconds: number(configuration.get('liveFigures.seconds'), 1, 60) ?? 5,
  };
}

export interface HostSettings {
  readonly profileSeconds: number;
  readonly productionContexts: readonly string[];
}

/** The settings that only the window reads. */
export function hostSettings(): HostSettings {
  const configuration = vscode.workspace.getConfiguration('llmd');
  return {
    profileSeconds: number(configuration.get('profile.seconds'), 0.1, 120) ?? 3,
    productionContexts: productionPatterns(configuration.inspect('productionContexts')),
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

/** Undefined: no number, or one out of its range. */
function number(value: unknown, least: number, most: number): number | undefined {
  return typeof value === 'number' && value >= least && value <= most ? value : undefined;
}
