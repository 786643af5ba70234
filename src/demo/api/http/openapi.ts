import { createHash } from 'node:crypto';
import { isObject } from '../../../base/json.ts';
import type { Exchange } from './exchange.ts';
import { groupVersionOf } from '../base/object.ts';
import { openApiV2, openApiV2Type } from './openapi-v2.ts';
import { patchContentTypes, strategicPatchType } from '../verbs/patches.ts';
import type { Registry, ServedResource } from '../catalogue/registry.ts';
import { notAcceptable, pathNotFound } from '../base/status.ts';
import { versionInfo } from './version.ts';

const refPrefix = '#/components/schemas/';

/** `/openapi/v3`: an index and one document a group version, made of the definitions and of the schemas of custom resources; `/openapi/v2`: all in one. */
export class OpenApi {
  readonly #registry: Registry;
  readonly #definitions: Readonly<Record<string, unknown>>;
  #revision = -1;
  #whole: Buffer | undefined;
  readonly #documents = new Map<string, string>();

  constructor(registry: Registry, definitions: Readonly<Record<string, unknown>>) {
    this.#registry = registry;
    this.#definitions = definitions;
  }

  serve(segments: readonly string[], exchange: Exchange): void {
    const [version, ...rest] = segments;
    if (version === 'v2' && rest.length === 0) {
      if (!(exchange.request.headers.accept ?? '').includes(openApiV2Type)) throw notAcceptable([openApiV2Type]);
      exchange.sendBytes(200, this.#all(), 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
      return;
    }
    if (version !== 'v3') throw pathNotFound();
    if (rest.length === 0) exchange.send(200, this.#index());
    else exchange.sendText(200, this.#document(rest.join('/')), 'application/json');
  }

  #index(): unknown {
    const paths = this.#groupVersions().map((path) => {
      const hash = createHash('sha256').update(this.#document(path)).digest('hex').toUpperCase();
      return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }] as const;
    });
    return { paths: Object.fromEntries(paths) };
  }

  #groupVersions(): readonly string[] {
    return this.#registry
      .groups()
      .flatMap((group) => this.#registry.versions(group).map((version) => pathOf(group, version)));
  }

  #all(): Buffer {
    this.#forgetStale();
    const resources = this.#registry.all();
    const paths = Object.assign(
      {},
      ...resources.map((resource) => pathsOf(resource, pathOf(resource.group, resource.version))),
    ) as Record<string, unknown>;
    this.#whole ??= openApiV2(versionInfo.gitVersion, paths, this.#schemasOf(resources));
    return this.#whole;
  }

  #forgetStale(): void {
    if (this.#revision === this.#registry.revision) return;
    this.#documents.clear();
    this.#whole = undefined;
    this.#revision = this.#registry.revision;
  }

  #document(path: string): string {
    this.#forgetStale();
    const known = this.#documents.get(path);
    if (known !== undefined) return known;
    const resources = this.#registry.all().filter((resource) => pathOf(resource.group, resource.version) === path);
    if (resources.length === 0) throw pathNotFound();
    const document = JSON.stringify({
      openapi: '3.0.0',
      info: { title: 'Kubernetes', version: versionInfo.gitVersion },
      paths: Object.assign({}, ...resources.map((resource) => pathsOf(resource, path))) as unknown,
      components: { schemas: this.#schemasOf(resources) },
    });
    this.#documents.set(path, document);
    return document;
  }

  /** The definitions of the kinds and everything that they refer to. */
  #schemasOf(resources: readonly ServedResource[]): Readonly<Record<string, unknown>> {
    const schemas: Record<string, unknown> = {};
    const visit = (name: string): void => {
      if (name in schemas || !(name in this.#definitions)) return;
      schemas[name] = this.#definitions[name];
      for (const reference of references(this.#definitions[name])) visit(reference);
    };
    for (const resource of resources) {
      if (resource.custom) {
        const root: unknown = resource.schema?.root.keywords ?? {};
        schemas[customName(resource)] = {
          ...(isObject(root) ? root : {}),
          'x-kubernetes-group-version-kind': [gvk(resource)],
        };
        for (const reference of references(root)) visit(reference);
      } else {
        for (const [name, definition] of Object.entries(this.#definitions)) {
          if (
            isOfKind(definition, resource.group, resource.version, resource.kind) ||
            isOfKind(definition, resource.group, resource.version, `${resource.kind}List`)
          )
            visit(name);
        }
      }
    }
    visit('io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions');
    visit('io.k8s.apimachinery.pkg.apis.meta.v1.Status');
    return schemas;
  }
}

function pathOf(group: string, version: string): string {
  return group === '' ? `api/${version}` : `apis/${groupVersionOf(group, version)}`;
}

function customName(resource: ServedResource): string {
  return `${resource.group.split('.').toReversed().join('.')}.${resource.version}.${resource.kind}`;
}

function gvk(resource: ServedResource): { readonly group: string; readonly version: string; readonly kind: string } {
  return { group: resource.group, version: resource.version, kind: resource.kind };
}

const actions: readonly (readonly [method: string, verb: string, action: string])[] = [
  ['get', 'get', 'get'],
  ['put', 'update', 'put'],
  ['patch', 'patch', 'patch'],
  ['delete', 'delete', 'delete'],
];
const collectionActions: readonly (readonly [method: string, verb: string, action: string])[] = [
  ['get', 'list', 'list'],
  ['post', 'create', 'post'],
  ['delete', 'deletecollection', 'deletecollection'],
];
const writeParameters = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => ({
  name,
  in: 'query',
  schema: { type: 'string', uniqueItems: true },
}));

/** The paths of one resource. Clients look up here whether the server checks fields and can dry-run. */
function pathsOf(resource: ServedResource, prefix: string): unknown {
  const base = `/${prefix}/${resource.namespaced ? 'namespaces/{namespace}/' : ''}${resource.plural}`;
  const operation = (verb: string, action: string): unknown => ({
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk(resource),
    ...(['update', 'patch', 'create'].includes(verb) ? { parameters: writeParameters } : {}),
    ...(verb === 'patch' ? { requestBody: { content: patchContent(resource) } } : {}),
    responses: { '200': { description: 'OK' } },
  });
  const item = (list: typeof actions): unknown =>
    Object.fromEntries(
      list
        .filter(([, verb]) => resource.verbs.includes(verb))
        .map(([method, verb, action]) => [method, operation(verb, action)]),
    );
  return { [base]: item(collectionActions), [`${base}/{name}`]: item(actions) };
}

/** The patches that a resource takes: clients choose theirs by it. */
function patchContent(resource: ServedResource): unknown {
  const types = patchContentTypes.filter((type) => resource.custom === undefined || type !== strategicPatchType);
  return Object.fromEntries(types.map((type) => [type, { schema: { type: 'object' } }]));
}

function isOfKind(definition: unknown, group: string, version: string, kind: string): boolean {
  const kinds: unknown = isObject(definition) ? definition['x-kubernetes-group-version-kind'] : undefined;
  return (
    Array.isArray(kinds) &&
    kinds.some(
      (entry) => isObject(entry) && entry['group'] === group && entry['version'] === version && entry['kind'] === kind,
    )
  );
}

function references(schema: unknown): readonly string[] {
  if (Array.isArray(schema)) return schema.flatMap(references);
  if (!isObject(schema)) return [];
  return Object.entries(schema).flatMap(([key, value]) =>
    key === '$ref' && typeof value === 'string' ? [value.slice(refPrefix.length)] : references(value),
  );
}
