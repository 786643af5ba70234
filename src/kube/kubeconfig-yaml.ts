import { parse } from 'yaml';
import { ShapeError } from './kubeconfig-entries.ts';

/** What a kubeconfig's text holds. A parser's message may quote the line, and the line may hold a token: only the place is told. */
export function parseYaml(content: string): unknown {
  try {
    return parse(content);
  } catch (error) {
    const line = typeof error === 'object' && error !== null && 'linePos' in error && Array.isArray(error.linePos) ? (error.linePos as readonly { readonly line: number }[])[0]?.line : undefined;
    throw new ShapeError(line === undefined ? 'it is not YAML' : `it is not YAML (line ${line})`);
  }
}
