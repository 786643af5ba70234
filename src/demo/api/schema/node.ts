import { isObject } from '../../../base/json.ts';

/** OpenAPI v3 definitions by name, as `/openapi/v3` serves them. */
export type Definitions = Readonly<Record<string, unknown>>;

export type NodeType = 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
export type ListType = 'atomic' | 'set' | 'map';

/** Whether the JSON of a definition's Go type leaves the zero value of a field out. */
export type OmitsZero = (definition: string, field: string) => boolean;

const REF_PREFIX = '#/components/schemas/';

/**
 * One place in a schema. Children are compiled when first asked for, because definitions refer to themselves
 * (a JSONSchemaProps holds JSONSchemaProps).
 */
export class SchemaNode {
  /** The last segment of the definition's name (`PodSpec`), when this place is a named definition: the Go type's name. */
  readonly typeName: string | undefined;
  readonly #raw: Readonly<Record<string, unknown>>;
  /** The full name of that definition. */
  readonly #definition: string | undefined;
  readonly #definitions: Definitions;
  readonly #omitsZero: OmitsZero;
  readonly #properties = new Map<string, SchemaNode>();
  #items: SchemaNode | undefined;
  #additional: SchemaNode | undefined;

  constructor(raw: unknown, definitions: Definitions, omitsZero: OmitsZero) {
    const resolved = resolve(raw, definitions);
    this.#raw = resolved.raw;
    this.#definition = resolved.definition;
    this.typeName = resolved.definition?.slice(resolved.definition.lastIndexOf('.') + 1);
    this.#definitions = definitions;
    this.#omitsZero = omitsZero;
  }

  /** Whether a field that is zero is not written at all. */
  omitsZero(field: string): boolean {
    return this.#definition !== undefined && this.#omitsZero(this.#definition, field);
  }

  /** The keywords of this place, references resolved; children still hold references. */
  get keywords(): Readonly<Record<string, unknown>> {
    return this.#raw;
  }

  get type(): NodeType | undefined {
    const type = this.#raw['type'];
    return type === 'object' ||
      type === 'array' ||
      type === 'string' ||
      type === 'integer' ||
      type === 'number' ||
      type === 'boolean'
      ? type
      : undefined;
  }

  get format(): string | undefined {
    const format = this.#raw['format'];
    return typeof format === 'string' ? format : undefined;
  }

  get nullable(): boolean {
    return this.#raw['nullable'] === true;
  }

  get intOrString(): boolean {
    return this.#raw['x-kubernetes-int-or-string'] === true || this.format === 'int-or-string';
  }

  /** A resource quantity: text or number. */
  get quantity(): boolean {
    return this.typeName === 'Quantity';
  }

  get preservesUnknown(): boolean {
    return this.#raw['x-kubernetes-preserve-unknown-fields'] === true;
  }

  /** A whole API object inside another: apiVersion, kind and metadata are kept. */
  get embedded(): boolean {
    return this.#raw['x-kubernetes-embedded-resource'] === true;
  }

  get default(): unknown {
    return this.#raw['default'];
  }

  get required(): readonly string[] {
    return strings(this.#raw['required']);
  }

  get listType(): ListType {
    const listType = this.#raw['x-kubernetes-list-type'];
    return listType === 'set' || listType === 'map' ? listType : 'atomic';
  }

  get listKeys(): readonly string[] {
    return strings(this.#raw['x-kubernetes-list-map-keys']);
  }

  get atomicMap(): boolean {
    return this.#raw['x-kubernetes-map-type'] === 'atomic';
  }

  get patchMergeKey(): string | undefined {
    const key = this.#raw['x-kubernetes-patch-merge-key'];
    return typeof key === 'string' ? key : undefined;
  }

  get patchStrategies(): readonly string[] {
    const strategy = this.#raw['x-kubernetes-patch-strategy'];
    return typeof strategy === 'string' ? strategy.split(',') : [];
  }

  get propertyNames(): readonly string[] {
    return Object.keys(this.#rawProperties());
  }

  property(name: string): SchemaNode | undefined {
    const known = this.#properties.get(name);
    if (known) return known;
    const properties = this.#rawProperties();
    if (!Object.hasOwn(properties, name)) return undefined;
    const node = new SchemaNode(properties[name], this.#definitions, this.#omitsZero);
    this.#properties.set(name, node);
    return node;
  }

  get items(): SchemaNode | undefined {
    if (!isObject(this.#raw['items'])) return undefined;
    this.#items ??= new SchemaNode(this.#raw['items'], this.#definitions, this.#omitsZero);
    return this.#items;
  }

  /** The schema of a map's values. */
  get additional(): SchemaNode | undefined {
    const raw = this.#raw['additionalProperties'];
    if (!isObject(raw))
      return raw === true
        ? new SchemaNode({ 'x-kubernetes-preserve-unknown-fields': true }, {}, this.#omitsZero)
        : undefined;
    this.#additional ??= new SchemaNode(raw, this.#definitions, this.#omitsZero);
    return this.#additional;
  }

  /** The schema of a key: a property's, else that of the map's values. */
  child(key: string): SchemaNode | undefined {
    return this.property(key) ?? this.additional;
  }

  /** Nothing is declared about what is inside (RawExtension, preserve-unknown-fields without properties). */
  get untyped(): boolean {
    return (
      this.type !== 'array' &&
      !isObject(this.#raw['properties']) &&
      this.#raw['additionalProperties'] === undefined &&
      (this.type === 'object' || this.type === undefined)
    );
  }

  #rawProperties(): Readonly<Record<string, unknown>> {
    const properties = this.#raw['properties'];
    return isObject(properties) ? properties : {};
  }
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** Follows `$ref` and the `allOf: [{$ref}]` form that carries siblings (default, merge keys) beside a reference. */
function resolve(
  raw: unknown,
  definitions: Definitions,
): { raw: Readonly<Record<string, unknown>>; definition: string | undefined } {
  if (!isObject(raw)) return { raw: {}, definition: undefined };
  const reference = referenceOf(raw);
  if (reference === undefined) return { raw, definition: undefined };
  const name = reference.slice(REF_PREFIX.length);
  const target = resolve(definitions[name], definitions);
  const { $ref: _ref, allOf: _allOf, ...siblings } = raw;
  return { raw: { ...target.raw, ...siblings }, definition: target.definition ?? name };
}

function referenceOf(raw: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof raw['$ref'] === 'string') return raw['$ref'];
  const allOf: unknown = raw['allOf'];
  if (!Array.isArray(allOf) || allOf.length !== 1) return undefined;
  const only: unknown = allOf[0];
  return isObject(only) && typeof only['$ref'] === 'string' ? only['$ref'] : undefined;
}
