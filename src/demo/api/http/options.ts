import { isObject, numberAt, stringAt } from '../../../base/json.ts';
import type { DeleteRequest, FieldValidation, ListRequest, Propagation, WriteOptions } from '../base/requests.ts';
import { badRequest, invalid } from '../base/status.ts';
import type { Body } from './body.ts';
import type { Exchange } from './exchange.ts';
import type { ResourceRequest } from './request-info.ts';

const maxManagerLength = 128;

export function listOptions(exchange: Exchange, about: ResourceRequest): ListRequest {
  const named = about.name === '' ? undefined : `metadata.name=${about.name}`;
  const fields = [exchange.text('fieldSelector'), named]
    .filter((selector) => selector !== undefined && selector !== '')
    .join(',');
  return {
    namespace: about.namespace,
    labelSelector: exchange.text('labelSelector'),
    fieldSelector: fields,
    limit: exchange.number('limit'),
    continueToken: exchange.text('continue'),
    resourceVersion: exchange.text('resourceVersion'),
    resourceVersionMatch: exchange.text('resourceVersionMatch'),
    sendInitialEvents: exchange.flag('sendInitialEvents'),
  };
}

export function writeOptions(exchange: Exchange, body: Body | undefined): WriteOptions {
  return {
    user: exchange.user,
    manager: managerOf(exchange),
    dryRun: isDryRun(exchange.query.getAll('dryRun'), 'CreateOptions'),
    fieldValidation: fieldValidation(exchange.text('fieldValidation')),
    duplicateFields: body?.duplicateFields ?? [],
    warn: (message) => exchange.warn(message),
  };
}

/** The manager that the client names, else the first word of its user agent. */
function managerOf(exchange: Exchange): string {
  const named = exchange.text('fieldManager');
  if (named !== undefined && named.length > maxManagerLength) {
    throw invalid({ group: 'meta.k8s.io', kind: 'CreateOptions' }, '', [
      {
        path: 'fieldManager',
        reason: 'FieldValueTooLong',
        message: `Too long: may not be more than ${maxManagerLength} bytes`,
      },
    ]);
  }
  if (named) return named;
  if (exchange.request.headers['content-type']?.startsWith('application/apply-patch')) return '';
  return (exchange.request.headers['user-agent'] ?? '').split('/')[0]?.slice(0, maxManagerLength) || 'unknown';
}

function isDryRun(values: readonly string[], options: string): boolean {
  for (const value of values) {
    if (value === 'All') continue;
    throw invalid({ group: 'meta.k8s.io', kind: options }, '', [
      {
        path: 'dryRun',
        reason: 'FieldValueNotSupported',
        message: `Unsupported value: ${JSON.stringify(value)}: supported values: "All"`,
      },
    ]);
  }
  return values.length > 0;
}

function fieldValidation(text: string | undefined): FieldValidation {
  switch (text) {
    case 'Strict':
    case 'Ignore':
    case 'Warn':
      return text;
    case undefined:
    case '':
      return 'Warn';
    default:
      throw invalid({ group: 'meta.k8s.io', kind: 'CreateOptions' }, '', [
        {
          path: 'fieldValidation',
          reason: 'FieldValueNotSupported',
          message: `Unsupported value: ${JSON.stringify(text)}: supported values: "Ignore", "Strict", "Warn"`,
        },
      ]);
  }
}

/** Options of a delete come in its body or, from plain tools, in the query; who sends a body means it alone. */
export function deleteOptions(exchange: Exchange, body: unknown): DeleteRequest {
  const options = body === undefined ? queryOptions(exchange) : bodyOptions(body);
  const { orphanDependents: orphan, propagationPolicy: policy, dryRun, ...rest } = options;
  if (orphan !== undefined && policy !== undefined) {
    throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [
      {
        path: 'propagationPolicy',
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${JSON.stringify(policy)}: orphanDependents and deletionPropagation cannot be both set`,
      },
    ]);
  }
  return {
    ...rest,
    propagation: orphan === true ? 'Orphan' : orphan === false ? 'Background' : propagation(policy),
    dryRun: isDryRun(dryRun, 'DeleteOptions'),
  };
}

interface SentDeleteOptions {
  readonly gracePeriodSeconds: number | undefined;
  readonly orphanDependents: boolean | undefined;
  readonly propagationPolicy: string | undefined;
  readonly dryRun: readonly string[];
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

function queryOptions(exchange: Exchange): SentDeleteOptions {
  return {
    gracePeriodSeconds: exchange.number('gracePeriodSeconds'),
    orphanDependents: exchange.flag('orphanDependents'),
    propagationPolicy: exchange.text('propagationPolicy'),
    dryRun: exchange.query.getAll('dryRun'),
  };
}

function bodyOptions(body: unknown): SentDeleteOptions {
  if (!isObject(body)) throw badRequest('the options of a delete are no object');
  const { kind = 'DeleteOptions', gracePeriodSeconds, orphanDependents, dryRun } = body;
  if (kind !== 'DeleteOptions')
    throw badRequest(`no kind ${JSON.stringify(kind)} is registered for the options of a delete`);
  if (gracePeriodSeconds != null && !Number.isInteger(gracePeriodSeconds))
    throw badRequest(
      `json: cannot unmarshal ${typeof gracePeriodSeconds} into Go struct field DeleteOptions.gracePeriodSeconds of type int64`,
    );
  return {
    gracePeriodSeconds: numberAt(body, 'gracePeriodSeconds'),
    orphanDependents: typeof orphanDependents === 'boolean' ? orphanDependents : undefined,
    propagationPolicy: stringAt(body, 'propagationPolicy'),
    dryRun: Array.isArray(dryRun) ? dryRun.map(String) : [],
    uid: stringAt(body, 'preconditions', 'uid'),
    resourceVersion: stringAt(body, 'preconditions', 'resourceVersion'),
  };
}

function propagation(text: string | undefined): Propagation | undefined {
  switch (text) {
    case undefined:
    case 'Background':
    case 'Foreground':
    case 'Orphan':
      return text;
    default:
      throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [
        {
          path: 'propagationPolicy',
          reason: 'FieldValueNotSupported',
          message: `Unsupported value: ${JSON.stringify(text)}: supported values: "Foreground", "Background", "Orphan", "nil"`,
        },
      ]);
  }
}

/** A body that the verb cannot do without. */
export function requireBody(body: Body | undefined): Body {
  if (body === undefined) throw badRequest('Required value: the request has no body');
  return body;
}
