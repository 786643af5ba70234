import type { ProtobufLayout } from '../catalogue/data.ts';
import { splitGroupVersion } from '../base/object.ts';
import { badRequest } from '../base/status.ts';
import { wireFields } from './wire.ts';

/** A body in Kubernetes' protobuf starts with these bytes, then comes an envelope with its kind. */
const magic = Buffer.from([0x6b, 0x38, 0x73, 0x00]);

interface FieldLayout {
  readonly name: string;
  readonly type: string;
  readonly inline: boolean;
  readonly list: boolean;
  readonly map: boolean;
  /** JSON leaves the zero value out. */
  readonly omitsZero: boolean;
}

/** Turns the bodies of typed Go clients into the JSON that other clients send. */
export class ProtobufDecoder {
  readonly #layout: ProtobufLayout;
  readonly #fields = new Map<string, ReadonlyMap<number, FieldLayout>>();

  constructor(layout: ProtobufLayout) {
    this.#layout = layout;
  }

  decode(body: Buffer): unknown {
    if (!body.subarray(0, magic.length).equals(magic))
      throw badRequest('the protobuf body does not start with the Kubernetes envelope');
    let apiVersion = '';
    let kind = '';
    let raw = Buffer.alloc(0);
    for (const { number, value } of wireFields(body.subarray(magic.length))) {
      if (typeof value === 'bigint') continue;
      if (number === 2) raw = Buffer.from(value);
      if (number !== 1) continue;
      for (const field of wireFields(value)) {
        if (field.number === 1) apiVersion = String(field.value);
        if (field.number === 2) kind = String(field.value);
      }
    }
    return { apiVersion, kind, ...this.#message(this.#messageOf(apiVersion, kind), raw) };
  }

  /** Go packages are named after the first word of the API group; options (DeleteOptions) are the same in every group. */
  #messageOf(apiVersion: string, kind: string): string {
    const { group, version } = splitGroupVersion(apiVersion);
    const own = `${group === '' ? 'core' : (group.split('.')[0] ?? '')}/${version}.${kind}`;
    const found = [own, `meta/v1.${kind}`].find((name) => name in this.#layout.messages);
    if (found === undefined)
      throw badRequest(`no kind "${kind}" is registered for version "${apiVersion}" in protobuf`);
    return found;
  }

  #message(name: string, bytes: Buffer): Record<string, unknown> {
    const layout = this.#layoutOf(name);
    const object: Record<string, unknown> = {};
    for (const { number, value } of wireFields(bytes)) {
      const field = layout.get(number);
      if (field === undefined) continue;
      if (field.map) this.#putEntry(object, field, value);
      else this.#put(object, field, this.#value(field.type, value));
    }
    return object;
  }

  #put(object: Record<string, unknown>, field: FieldLayout, value: unknown): void {
    if (field.inline) Object.assign(object, value);
    else if (field.list) {
      const items = object[field.name];
      object[field.name] = Array.isArray(items) ? [...(items as unknown[]), value] : [value];
    } else if (!(field.omitsZero && isZero(value)) && value !== undefined) object[field.name] = value;
  }

  #putEntry(object: Record<string, unknown>, field: FieldLayout, entry: bigint | Buffer): void {
    if (typeof entry === 'bigint')
      throw badRequest(`the protobuf body has a number where the map ${field.name} should be`);
    let key = '';
    let value: unknown = field.type === 'string' || field.type === 'bytes' ? '' : {};
    for (const part of wireFields(entry)) {
      if (part.number === 1) key = String(part.value);
      if (part.number === 2) value = this.#value(field.type, part.value);
    }
    object[field.name] = { ...(object[field.name] as Record<string, unknown> | undefined), [key]: value };
  }

  #value(type: string, value: bigint | Buffer): unknown {
    if (typeof value === 'bigint') return type === 'bool' ? value !== 0n : Number(value);
    switch (type) {
      case 'string':
        return value.toString('utf8');
      case 'bytes':
        return value.toString('base64');
      case 'double':
        return value.readDoubleLE();
      case 'strings':
        return [...wireFields(value)].map((item) => String(item.value));
      case 'quantity':
        return firstText(value);
      case 'fields':
      case 'raw':
        return JSON.parse(firstText(value) || 'null') as unknown;
      case 'time':
        return instant(value, 0);
      case 'microtime':
        return instant(value, 6);
      case 'duration':
        return `${Number(firstNumber(value)) / 1e9}s`;
      case 'intstr':
        return intOrString(value);
      default:
        return this.#message(type, value);
    }
  }

  #layoutOf(name: string): ReadonlyMap<number, FieldLayout> {
    const known = this.#fields.get(name);
    if (known) return known;
    const fields = new Map(
      Object.entries(this.#layout.messages[name] ?? {}).map(([number, text]): [number, FieldLayout] => {
        const [json = '', type = '', flags = ''] = text.split(' ');
        return [
          Number(number),
          {
            name: json,
            type,
            inline: flags.includes('i'),
            list: flags.includes('r'),
            map: flags.includes('m'),
            omitsZero: flags.includes('z'),
          },
        ];
      }),
    );
    this.#fields.set(name, fields);
    return fields;
  }
}

function isZero(value: unknown): boolean {
  return (
    value === '' ||
    value === 0 ||
    value === false ||
    (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
  );
}

function firstText(message: Buffer): string {
  for (const { number, value } of wireFields(message)) if (number === 1) return String(value);
  return '';
}

function firstNumber(message: Buffer): bigint {
  for (const { number, value } of wireFields(message)) if (number === 1 && typeof value === 'bigint') return value;
  return 0n;
}

/** Seconds and nanoseconds; an unset time has neither and is left out. */
function instant(message: Buffer, digits: number): string | undefined {
  let seconds: bigint | undefined;
  let nanos = 0n;
  for (const { number, value } of wireFields(message)) {
    if (typeof value !== 'bigint') continue;
    if (number === 1) seconds = value;
    if (number === 2) nanos = value;
  }
  if (seconds === undefined) return undefined;
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return digits === 0 ? `${whole}Z` : `${whole}.${String(nanos).padStart(9, '0').slice(0, digits)}Z`;
}

function intOrString(message: Buffer): string | number {
  let kind = 0n;
  let number = 0;
  let string = '';
  for (const field of wireFields(message)) {
    if (field.number === 1 && typeof field.value === 'bigint') kind = field.value;
    if (field.number === 2 && typeof field.value === 'bigint') number = Number(field.value);
    if (field.number === 3) string = String(field.value);
  }
  return kind === 0n ? number : string;
}
