import { parseAllDocuments, type Tags } from 'yaml';
import { ShapeError } from './kubeconfig-entries.ts';

/** Dates, and numbers to the base of sixty, are texts for kubectl. */
function isOfTime(tag: Tags[number]): boolean {
  return typeof tag === 'object' && (tag.tag === 'tag:yaml.org,2002:timestamp' || tag.format === 'TIME');
}

/**
 * What a kubeconfig's text holds, as kubectl takes it: its first document in YAML 1.1 (`yes` is true), with the last of a
 * key that comes twice, and merged keys. A parser's message may quote the line, and the line may hold a token: only the
 * place is told.
 */
export function parseYaml(content: string): unknown {
  try {
    const [document] = parseAllDocuments(content, {
      version: '1.1',
      uniqueKeys: false,
      merge: true,
      customTags: (tags) => tags.filter((tag) => !isOfTime(tag)),
    });
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
