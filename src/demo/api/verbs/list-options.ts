import type { ListRequest } from '../base/requests.ts';
import { invalid, type FieldError } from '../base/status.ts';

const matches = ['Exact', 'NotOlderThan'];

/** Refuses the options of a list that contradict each other, all at once. */
export function checkListOptions({
  continueToken,
  resourceVersion = '',
  resourceVersionMatch: match = '',
  sendInitialEvents,
}: ListRequest): void {
  refuse([
    ...(match === '' ? [] : matchProblems({ match, continueToken, resourceVersion })),
    ...(sendInitialEvents === undefined
      ? []
      : [forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list')]),
  ]);
}

function matchProblems({
  match,
  continueToken,
  resourceVersion,
}: {
  readonly match: string;
  readonly continueToken: string | undefined;
  readonly resourceVersion: string;
}): readonly FieldError[] {
  return [
    ...(resourceVersion === ''
      ? [forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided')]
      : []),
    ...(continueToken
      ? [forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided')]
      : []),
    ...(matches.includes(match) ? [] : [notSupported(match, [...matches, ''])]),
    ...(match === 'Exact' && resourceVersion === '0'
      ? [forbidden('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')]
      : []),
  ];
}

/** A watch that begins anywhere and says no more asks for what is there first, like one that says so. */
export function withWatchDefaults<T extends ListRequest>(request: T): T {
  const { resourceVersion = '', resourceVersionMatch: match = '', sendInitialEvents } = request;
  const anywhere = resourceVersion === '' || resourceVersion === '0';
  return anywhere && match === '' && sendInitialEvents === undefined
    ? { ...request, sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }
    : request;
}

/** The same for a watch, which knows one match only, and that with initial events. */
export function checkWatchOptions({
  continueToken,
  resourceVersionMatch: match = '',
  sendInitialEvents,
}: ListRequest): void {
  const initial = sendInitialEvents !== undefined;
  const older = match === 'NotOlderThan';
  refuse([
    ...(initial && !older
      ? [forbidden('resourceVersionMatch', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan')]
      : []),
    ...(match !== '' && !initial
      ? [
          forbidden(
            'resourceVersionMatch',
            'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
          ),
        ]
      : []),
    ...(match !== '' && !older ? [notSupported(match, ['NotOlderThan'])] : []),
    ...(match !== '' && continueToken
      ? [forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided')]
      : []),
  ]);
}

function refuse(problems: readonly FieldError[]): void {
  if (problems.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', problems);
}

function forbidden(path: string, what: string): FieldError {
  return { path, reason: 'FieldValueForbidden', message: `Forbidden: ${what}` };
}

function notSupported(match: string, supported: readonly string[]): FieldError {
  return {
    path: 'resourceVersionMatch',
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${JSON.stringify(match)}: supported values: ${supported.map((value) => JSON.stringify(value)).join(', ')}`,
  };
}
