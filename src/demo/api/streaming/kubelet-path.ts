import { arrayAt, stringAt } from '../../../base/json.ts';
import type { ResourceRequest } from '../http/request-info.ts';
import type { ApiObject } from '../base/object.ts';
import { badRequest, invalid, type FieldError } from '../base/status.ts';

const defaultContainerAnnotation = 'kubectl.kubernetes.io/default-container';
const logOptions = [
  'follow',
  'previous',
  'sinceSeconds',
  'sinceTime',
  'timestamps',
  'tailLines',
  'limitBytes',
  'insecureSkipTLSVerifyBackend',
];

/** The kubelet's path for a pod's subresource, after the checks that need the pod alone. */
export function kubeletPath(pod: ApiObject, about: ResourceRequest, query: URLSearchParams): string {
  const place = `${encodeURIComponent(pod.metadata.namespace ?? '')}/${encodeURIComponent(pod.metadata.name)}`;
  if (about.subresource === 'log') {
    checkLogOptions(pod.metadata.name, query);
    const container = containerName(pod, query.get('container') ?? '');
    return `/containerLogs/${place}/${encodeURIComponent(container)}${search(kept(query, logOptions))}`;
  }
  if (about.subresource === 'portforward') {
    requireNode(pod);
    return `/portForward/${place}${search(kept(query, ['ports']))}`;
  }
  const container = containerName(pod, query.get('container') ?? '');
  requireNode(pod);
  return `/${about.subresource}/${place}/${encodeURIComponent(container)}${search(streamQuery(query))}`;
}

const largestPort = 65_535;

/** Ports are read before the pod is looked for. */
export function checkPorts(query: URLSearchParams): void {
  for (const text of query.getAll('ports')) {
    const problem = !/^\d+$/.test(text)
      ? 'invalid syntax'
      : Number(text) > largestPort
        ? 'value out of range'
        : undefined;
    if (problem !== undefined)
      throw badRequest(`cannot convert to []int32: strconv.ParseUint: parsing ${JSON.stringify(text)}: ${problem}`);
  }
}

/** `stdin=true&stdout=true` of the API are `input=1&output=1` of the kubelet. */
function streamQuery(query: URLSearchParams): URLSearchParams {
  const wanted = (name: string): boolean => ['true', '1'].includes(query.get(name) ?? '');
  const result = new URLSearchParams();
  for (const command of query.getAll('command')) result.append('command', command);
  if (wanted('stdin')) result.set('input', '1');
  if (wanted('stdout')) result.set('output', '1');
  if (wanted('stderr') && !wanted('tty')) result.set('error', '1');
  if (wanted('tty')) result.set('tty', '1');
  return result;
}

/** The container that is asked for, or the one that goes without saying. */
function containerName(pod: ApiObject, asked: string): string {
  const { name } = pod.metadata;
  const containers = names(pod, 'containers');
  const inits = names(pod, 'initContainers');
  const ephemeral = names(pod, 'ephemeralContainers');
  if (asked !== '') {
    if ([...containers, ...inits, ...ephemeral].includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${name}`);
  }
  const [only] = containers;
  if (containers.length === 1 && only !== undefined) return only;
  const preferred = pod.metadata.annotations?.[defaultContainerAnnotation];
  if (preferred !== undefined && containers.includes(preferred)) return preferred;
  const beside = inits.length > 0 ? ` or one of the init containers: [${inits.join(' ')}]` : '';
  throw badRequest(
    `a container name must be specified for pod ${name}, choose one of: [${containers.join(' ')}]${beside}`,
  );
}

function names(pod: ApiObject, list: string): readonly string[] {
  return arrayAt(pod, 'spec', list).map((container) => stringAt(container, 'name') ?? '');
}

/** Whether a kubelet has the pod. */
export function hasNode(pod: ApiObject): boolean {
  return (stringAt(pod, 'spec', 'nodeName') ?? '') !== '';
}

function requireNode(pod: ApiObject): void {
  if (!hasNode(pod)) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
}

/** What is no number or time at all is refused before what is one that cannot be. */
function checkLogOptions(pod: string, query: URLSearchParams): void {
  for (const name of ['tailLines', 'sinceSeconds', 'limitBytes']) {
    const text = query.get(name);
    if (text !== null && !/^[-+]?\d+$/.test(text))
      throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  const time = query.get('sinceTime');
  if (time !== null && Number.isNaN(Date.parse(time)))
    throw badRequest(`parsing time ${JSON.stringify(time)}: cannot parse it as RFC 3339`);
  const problems = [
    ...atLeast(query, 'tailLines', 0, 'must be greater than or equal to 0'),
    ...atLeast(query, 'limitBytes', 1, 'must be greater than 0'),
    ...(query.get('sinceSeconds') !== null && time !== null
      ? [
          {
            path: '[]',
            reason: 'FieldValueForbidden',
            message: 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
          } as const,
        ]
      : atLeast(query, 'sinceSeconds', 1, 'must be greater than 0')),
    ...(query.get('stream') === null
      ? []
      : [{ path: 'stream', reason: 'FieldValueForbidden', message: 'Forbidden: may not be specified' } as const]),
  ];
  if (problems.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, pod, problems);
}

function atLeast(query: URLSearchParams, name: string, least: number, words: string): readonly FieldError[] {
  const text = query.get(name);
  return text === null || Number(text) >= least
    ? []
    : [{ path: name, reason: 'FieldValueInvalid', message: `Invalid value: ${text}: ${words}` }];
}

function kept(query: URLSearchParams, wanted: readonly string[]): URLSearchParams {
  return new URLSearchParams([...query].filter(([name]) => wanted.includes(name)));
}

function search(query: URLSearchParams): string {
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
