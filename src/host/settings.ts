import * as vscode from 'vscode';
import { z } from '../protocol/zod.ts';
import type { Settings } from '../compose.ts';
import { perfettoSource, productionPatterns } from './folder-settings.ts';

const TEXT = z.string().trim().catch('');
const SETTINGS = z.object({
  kubeconfig: TEXT,
  kubectlPath: TEXT,
  helmPath: TEXT,
  demoSpeed: z.number().positive().catch(1),
  liveFigures: z.boolean().catch(false),
  liveFiguresSeconds: z.number().min(1).max(60).catch(5),
});

/** The settings that the features read, but for the owner; one that does not fit its schema counts as its default. */
export function featureSettings(): Omit<Settings, 'owner'> {
  const configuration = vscode.workspace.getConfiguration('llmd');
  const { kubeconfig, kubectlPath, helmPath, demoSpeed, liveFigures, liveFiguresSeconds } = SETTINGS.parse({
    kubeconfig: configuration.get('kubeconfig'),
    kubectlPath: configuration.get('kubectlPath'),
    helmPath: configuration.get('helmPath'),
    demoSpeed: configuration.get('demo.speed'),
    liveFigures: configuration.get('liveFigures.enabled'),
    liveFiguresSeconds: configuration.get('liveFigures.seconds'),
  });
  return {
    ...(kubeconfig === '' ? {} : { kubeconfig }),
    ...(kubectlPath === '' ? {} : { kubectlPath }),
    ...(helmPath === '' ? {} : { helmPath }),
    demoSpeed,
    perfettoSource: perfettoSource(configuration.inspect('perfetto.source')),
    liveFigures,
    liveFiguresSeconds,
  };
}

const PROFILE_SECONDS = z.number().min(0.1).max(120).catch(3);

export interface HostSettings {
  readonly profileSeconds: number;
  readonly productionContexts: readonly string[];
}

/** The settings that only the window reads. */
export function hostSettings(): HostSettings {
  const configuration = vscode.workspace.getConfiguration('llmd');
  return { profileSeconds: PROFILE_SECONDS.parse(configuration.get('profile.seconds')), productionContexts: productionPatterns(configuration.inspect('productionContexts')) };
}
