import { isObject } from '../../../base/json.ts';
import { SchemaNode, type Definitions, type OmitsZero } from './node.ts';
import type { ObjectSchema } from './types.ts';

/** The kinds that a server knows, by group, version and kind. */
export interface Schemas {
  forKind(group: string, version: string, kind: string): ObjectSchema | undefined;
  /** Adds or replaces a kind at run time, from one version of a CustomResourceDefinition. */
  define(
    group: string,
    version: string,
    kind: string,
    openAPIV3Schema: unknown,
    options?: { readonly statusSubresource?: boolean },
  ): ObjectSchema;
  remove(group: string, version: string, kind: string): void;
}

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const NATIVE_PREFIXES = [
  'io.k8s.api.',
  'io.k8s.apimachinery.',
  'io.k8s.apiextensions-apiserver.',
  'io.k8s.kube-aggregator.',
];

/**
 * `data`: definitions of OpenAPI v3 by name, as in `components.schemas`. OpenAPI does not tell which zero values JSON leaves
 * out; `omitsZero` does.
 */
export function loadSchemas(data: unknown, omitsZero: OmitsZero = () => false): Schemas {
  const definitions: Definitions = isObject(data) ? data : {};
  const byKind = new Map<string, ObjectSchema>();
  for (const [name, raw] of Object.entries(definitions)) {
    const native = NATIVE_PREFIXES.some((prefix) => name.startsWith(prefix));
    const kinds = kindsOf(raw);
    // Options such as DeleteOptions are listed under every group; they are no kind of one of them.
    if (kinds.length !== 1) continue;
    for (const { group, version, kind } of kinds) {
      const root = new SchemaNode({ $ref: `#/components/schemas/${name}` }, definitions, omitsZero);
      byKind.set(key(group, version, kind), {
        group,
        version,
        kind,
        native,
        statusSubresource: root.property('status') !== undefined,
        root,
      });
    }
  }
  return {
    forKind: (group, version, kind) => byKind.get(key(group, version, kind)),
    define(group, version, kind, openAPIV3Schema, { statusSubresource = true } = {}) {
      const schema = {
        group,
        version,
        kind,
        native: false,
        statusSubresource,
        root: new SchemaNode(withObjectFields(openAPIV3Schema), definitions, omitsZero),
      };
      byKind.set(key(group, version, kind), schema);
      return schema;
    },
    remove(group, version, kind) {
      byKind.delete(key(group, version, kind));
    },
  };
}

function key(group: string, version: string, kind: string): string {
  return `${group}/${version}/${kind}`;
}

function kindsOf(raw: unknown): readonly { group: string; version: string; kind: string }[] {
  const kinds: unknown = isObject(raw) ? raw['x-kubernetes-group-version-kind'] : undefined;
  if (!Array.isArray(kinds)) return [];
  return kinds.flatMap((entry: unknown) => {
    if (!isObject(entry)) return [];
    const { group, version, kind } = entry;
    return typeof group === 'string' && typeof version === 'string' && typeof kind === 'string'
      ? [{ group, version, kind }]
      : [];
  });
}

/** A CRD's schema says nothing of apiVersion, kind and metadata; the server knows them. */
function withObjectFields(raw: unknown): Record<string, unknown> {
  const schema = isObject(raw) ? raw : { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  return {
    ...schema,
    properties: {
      ...properties,
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { $ref: `#/components/schemas/${OBJECT_META}` },
    },
  };
}
