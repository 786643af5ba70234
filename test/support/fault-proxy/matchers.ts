import type { Asked } from './exchange.ts';
import type { Matcher } from './proxy.ts';

/** Any request. */
export const anything: Matcher = () => true;

/** A watch of a kind, or of any. */
export function watchesOf(plural?: string): Matcher {
  return (asked) => isWatch(asked) && ofKind(asked, plural);
}

/** A list of a kind, whole or a chunk of it. */
export function listsOf(plural: string): Matcher {
  return (asked) => asked.method === 'GET' && !isWatch(asked) && ofKind(asked, plural);
}

/** The second and later chunks of a list. */
export function laterChunksOf(plural: string): Matcher {
  return (asked) => listsOf(plural)(asked) && asked.query.has('continue');
}

/** Lists and watches of a kind. */
export function readsOf(plural: string): Matcher {
  return (asked) => asked.method === 'GET' && ofKind(asked, plural);
}

export function method(name: string, path: RegExp = /./): Matcher {
  return (asked) => asked.method === name && path.test(asked.path);
}

function isWatch(asked: Asked): boolean {
  return asked.query.get('watch') === 'true';
}

/** A collection, not one of its objects. */
function ofKind(asked: Asked, plural: string | undefined): boolean {
  return plural === undefined || asked.path.endsWith(`/${plural}`);
}
