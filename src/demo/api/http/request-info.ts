/** What a request is about, read off its method and path. */
export interface ResourceRequest {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace: string | undefined;
  /** '' when the request is about the collection. */
  readonly name: string;
  /** '' when the request is about the object itself. */
  readonly subresource: string;
  /** What follows `…/proxy`, with its leading slash. */
  readonly rest: string;
}

const ofNamespaceItself = new Set(['status', 'finalize']);

/** Undefined for paths that name no resource (`/version`, `/apis/apps`). */
export function resourceRequest(method: string, path: string, query: URLSearchParams): ResourceRequest | undefined {
  const segments = path
    .split('/')
    .filter((segment) => segment !== '')
    .map(decodeSegment);
  const root = segments[0] === 'api' ? 2 : segments[0] === 'apis' ? 3 : 0;
  if (root === 0 || segments.length <= root) return undefined;
  const [group = '', version = ''] = segments[0] === 'api' ? ['', segments[1]] : [segments[1], segments[2]];
  let parts = segments.slice(root);
  const oldWatch = parts[0] === 'watch';
  if (oldWatch) parts = parts.slice(1);
  const namespaced = parts[0] === 'namespaces' && parts.length >= 3 && !ofNamespaceItself.has(parts[2] ?? '');
  const namespace = namespaced ? parts[1] : undefined;
  const [plural = '', name = '', subresource = '', ...rest] = namespaced ? parts.slice(2) : parts;
  const about = { group, version, plural, namespace, name, subresource, rest: proxyRest(path, rest, subresource) };
  const watching = oldWatch || query.get('watch') === 'true' || query.get('watch') === '1';
  return { verb: verbOf(method, name, watching), ...about };
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function proxyRest(path: string, rest: readonly string[], subresource: string): string {
  if (subresource !== 'proxy') return '';
  return `/${rest.join('/')}${path.endsWith('/') && rest.length > 0 ? '/' : ''}`;
}

function verbOf(method: string, name: string, watching: boolean): ResourceRequest['verb'] {
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === '' ? 'deletecollection' : 'delete';
    default:
      return watching ? 'watch' : name === '' ? 'list' : 'get';
  }
}
