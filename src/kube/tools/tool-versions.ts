import { stringAt } from '../../base/json.ts';
import type { Command } from './types.ts';

export interface ToolVersion {
  readonly major: number;
  readonly minor: number;
  readonly text: string;
}

export type Tool = 'kubectl' | 'helm';

/** The oldest versions whose rendering we rely on: kubectl's built-in kustomize 5, helm's OCI charts and `--values -`. */
export const OLDEST: Readonly<Record<Tool, { readonly major: number; readonly minor: number }>> = {
  kubectl: { major: 1, minor: 27 },
  helm: { major: 3, minor: 8 },
};

export function versionCommand(tool: Tool): Command<ToolVersion | undefined> {
  return tool === 'kubectl'
    ? {
        tool,
        args: ['version', '--client', '--output', 'json'],
        parse: (stdout) => parseVersion(stringAt(JSON.parse(stdout), 'clientVersion', 'gitVersion')),
      }
    : { tool, args: ['version', '--template', '{{.Version}}'], parse: parseVersion };
}

/** `v1.32.4` and its many suffixes; undefined for a build of one's own that names no version. */
export function parseVersion(text: string | undefined): ToolVersion | undefined {
  const match = /^v?(\d+)\.(\d+)/.exec(text?.trim() ?? '');
  return match ? { major: Number(match[1]), minor: Number(match[2]), text: (text ?? '').trim() } : undefined;
}

export function isTooOld(tool: Tool, version: ToolVersion): boolean {
  const oldest = OLDEST[tool];
  return version.major < oldest.major || (version.major === oldest.major && version.minor < oldest.minor);
}
