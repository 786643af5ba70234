import { present } from '../catalogue/conversion.ts';
import { fieldValues, selectableFields } from './fields.ts';
import { checkListOptions } from './list-options.ts';
import type { ApiObject } from '../base/object.ts';
import type { ServedResource } from '../catalogue/registry.ts';
import type { ListRequest } from '../base/requests.ts';
import { parseFieldSelector, parseLabelSelector } from './selectors.ts';
import { badRequest, expired, notFound, tooLargeResourceVersion } from '../base/status.ts';
import { keyOf, type Store } from '../storage/store.ts';

interface ListResult {
  readonly resourceVersion: string;
  readonly items: readonly ApiObject[];
  readonly continueToken?: string;
  readonly remainingItemCount?: number;
}

export type ObjectPredicate = (object: ApiObject) => boolean;

/** Namespace, label and field selector as one test of a stored object. */
export function selection(
  resource: ServedResource,
  request: Pick<ListRequest, 'namespace' | 'labelSelector' | 'fieldSelector'>,
): ObjectPredicate {
  const { namespace, labelSelector, fieldSelector } = request;
  const labels = labelSelector ? parseLabelSelector(labelSelector) : undefined;
  const fields = fieldSelector ? parseFieldSelector(fieldSelector, selectableFields(resource)) : undefined;
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    (labels === undefined || labels(object.metadata.labels ?? {})) &&
    (fields === undefined || fields(fieldValues(resource, object)));
}

export function getObject(
  store: Store,
  resource: ServedResource,
  namespace: string | undefined,
  name: string,
): ApiObject {
  const found = store.get(resource.collection, keyOf(namespace, name));
  if (found === undefined) throw notFound(resource, name);
  return present(resource, found);
}

export function listObjects(store: Store, resource: ServedResource, request: ListRequest): ListResult {
  const selected = selection(resource, request);
  const page = pageStart(store, request);
  const all = store.entriesAt(resource.collection, page.revision);
  if (all === undefined) throw forgotten(request, page);
  const entries = all.filter(
    ([key, { metadata }]) =>
      (page.after === undefined || key > page.after) &&
      (request.namespace === undefined || metadata.namespace === request.namespace),
  );
  const shown: ApiObject[] = [];
  let read = 0;
  for (const [, object] of entries) {
    if (shown.length === page.limit) break;
    read += 1;
    if (selected(object)) shown.push(object);
  }
  const result = { resourceVersion: String(page.revision), items: shown.map((object) => present(resource, object)) };
  const last = entries[read - 1]?.[0];
  // What follows may be none that is selected: a page says that there is more without having looked.
  if (last === undefined || read === entries.length || isOfOneName(request)) return result;
  const filtered = Boolean(request.labelSelector) || Boolean(request.fieldSelector);
  return {
    ...result,
    continueToken: encodeToken({ revision: page.revision, after: last }),
    ...(filtered ? {} : { remainingItemCount: entries.length - read }),
  };
}

/** A list that a name is asked of is read by its key. */
function isOfOneName({ fieldSelector = '' }: ListRequest): boolean {
  return fieldSelector.split(',').some((term) => /^metadata\.name==?[^=]/.test(term));
}

/** Where a page starts: the version that the whole list shows, and the last key of the page before. */
interface PageStart {
  readonly revision: number;
  readonly after: string | undefined;
  readonly limit: number;
}

function pageStart(store: Store, request: ListRequest): PageStart {
  const { continueToken, resourceVersion = '', resourceVersionMatch: match = '' } = request;
  checkListOptions(request);
  const limit = request.limit === undefined || request.limit <= 0 ? Number.POSITIVE_INFINITY : request.limit;
  if (continueToken) {
    if (resourceVersion !== '' && resourceVersion !== '0')
      throw badRequest('specifying resource version is not allowed when using continue');
    const token = decodeToken(continueToken);
    return { revision: token.revision < 0 ? store.revision : token.revision, after: token.after, limit };
  }
  if (resourceVersion === '') return { revision: store.revision, after: undefined, limit };
  // Any version will do: that is the cache's, which has no pages.
  if (resourceVersion === '0') return { revision: store.revision, after: undefined, limit: Number.POSITIVE_INFINITY };
  const revision = parseRevision(resourceVersion);
  if (revision > store.revision) throw tooLargeResourceVersion(resourceVersion, String(store.revision));
  const exact = match === 'Exact' || (match === '' && limit < Number.POSITIVE_INFINITY);
  return { revision: exact ? revision : store.revision, after: undefined, limit };
}

function parseRevision(text: string): number {
  if (!/^\d+$/.test(text)) {
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  return Number(text);
}

/** An exact version that is forgotten, or a list that was left for too long: the latter may go on inconsistently with the token given. */
function forgotten(request: ListRequest, page: PageStart): Error {
  if (!request.continueToken) return expired('The resourceVersion for the provided list is too old.');
  return expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    encodeToken({ revision: -1, after: page.after ?? '' }),
  );
}

interface ContinueToken {
  /** -1: go on in the present state. */
  readonly revision: number;
  readonly after: string;
}

function encodeToken(token: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: token.revision, start: token.after })).toString(
    'base64url',
  );
}

function decodeToken(text: string): ContinueToken {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    throw badRequest('continue key is not valid: illegal base64 data');
  }
  if (
    typeof value === 'object' &&
    value !== null &&
    'rv' in value &&
    'start' in value &&
    typeof value.rv === 'number' &&
    typeof value.start === 'string'
  ) {
    return { revision: value.rv, after: value.start };
  }
  throw badRequest('continue key is not valid: incorrect encoded start resourceVersion');
}
