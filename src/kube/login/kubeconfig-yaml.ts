import { parseAllDocuments } from 'yaml';
import { ShapeError } from './kubeconfig-entries.ts';

/** What a kubeconfig's text holds, as kubectl takes it: its first document, with the last of a key that comes twice, and merged keys. A parser's message may quote the line, and the line may hold a token: only the place is told. */
export function parseYaml(content: string): unknown {
  try {
    const [document] = parseAllDocuments(content, { uniqueKeys: false, merge: true });
    const [error] = document?.errors ?? [];
    if (error) throw error;
    return document?.toJS();
  } catch (error) {
    const line =
      typeof error === 'object' && error !== null && 'linePos' in error && Array.isArray(error.linePos)
        ? (error.linePos as readonly { readonly line: number }[])[0]?.line
        : undefined;
    throw new ShapeError(line === undefined ? 'it is not YAML' : `it is not YAML (line ${line})`);
  }
}
