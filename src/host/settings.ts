import * as vscode from 'vscode';
import { z } from '../protocol/zod.ts';
import type { Settings } from '../compose.ts';

const TEXT = z.string().trim().catch('');
const SETTINGS = z.object({
  kubeconfig: TEXT,
  kubectlPath: TEXT,
  helmPath: TEXT,
  owner: TEXT,
  demoSpeed: z.number().positive().catch(1),
  perfettoSource: z.enum(['auto', 'bundled', 'public']).catch('auto'),
  liveFigures: z.boolean().catch(false),
  liveFiguresSeconds: z.number().min(1).max(60).catch(5),
});

/** The settings that the features read; one that does not fit its schema counts as its default. */
export function featureSettings(): Settings {
  const configuration = vscode.workspace.getConfiguration('llmd');
  const { kubeconfig, kubectlPath, helmPath, owner, demoSpeed, perfettoSource, liveFigures, liveFiguresSeconds } = SETTINGS.parse({
    kubeconfig: configuration.get('kubeconfig'),
    kubectlPath: configuration.get('kubectlPath'),
    helmPath: configuration.get('helmPath'),
    owner: configuration.get('owner'),
    demoSpeed: configuration.get('demo.speed'),
    perfettoSource: configuration.get('perfetto.source'),
    liveFigures: configuration.get('liveFigures.enabled'),
    liveFiguresSeconds: configuration.get('liveFigures.seconds'),
  });
  return {
    ...(kubeconfig === '' ? {} : { kubeconfig }),
    ...(kubectlPath === '' ? {} : { kubectlPath }),
    ...(helmPath === '' ? {} : { helmPath }),
    ...(owner === '' ? {} : { owner }),
    demoSpeed,
    perfettoSource,
    liveFigures,
    liveFiguresSeconds,
  };
}

const HOST_SETTINGS = z.object({
  profileSeconds: z.number().min(0.1).max(120).catch(3),
  productionContexts: z.array(z.string().trim().min(1)).catch([]),
});

/** The settings that only the window reads. */
export function hostSettings(): z.infer<typeof HOST_SETTINGS> {
  const configuration = vscode.workspace.getConfiguration('llmd');
  return HOST_SETTINGS.parse({ profileSeconds: configuration.get('profile.seconds'), productionContexts: configuration.get('productionContexts') });
}
