import type { ApiObject } from '../base/object.ts';

/** A resource or subresource as discovery names it. */
export interface DiscoveryEntry {
  readonly name: string;
  readonly singularName: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly group?: string;
  readonly version?: string;
}

export interface TableColumn {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly priority: number;
}

/** Layout of protobuf messages: Go type -> field number -> `jsonName type flags` (r list, m map, i inlined, z zero left out). */
export interface ProtobufLayout {
  readonly messages: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** What a real API server says of itself; data/README.md says where it is from. */
export interface ApiData {
  /** Group/version -> its resources. */
  readonly discovery: Readonly<Record<string, readonly DiscoveryEntry[]>>;
  /** OpenAPI v3 definitions by name. */
  readonly schemas: Readonly<Record<string, unknown>>;
  /** `group/version/plural` -> columns of its server-side table. */
  readonly tables: Readonly<Record<string, readonly TableColumn[]>>;
  readonly protobuf: ProtobufLayout;
  /** The roles that people bind and what everyone may do, with their bindings. */
  readonly roles: readonly ApiObject[];
}

/** Loaded when a server starts, not when the program does: half a megabyte that most sessions never need. */
export async function loadApiData(): Promise<ApiData> {
  const [discovery, schemas, tables, protobuf, roles] = await Promise.all([
    import('../data/discovery.json', { with: { type: 'json' } }),
    import('../data/schemas.json', { with: { type: 'json' } }),
    import('../data/tables.json', { with: { type: 'json' } }),
    import('../data/protobuf.json', { with: { type: 'json' } }),
    import('../data/roles.json', { with: { type: 'json' } }),
  ]);
  return {
    discovery: discovery.default,
    schemas: schemas.default,
    tables: tables.default,
    protobuf: protobuf.default as unknown as ProtobufLayout,
    roles: roles.default,
  };
}
