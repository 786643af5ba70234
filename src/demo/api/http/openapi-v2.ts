import { arrayAt, isObject, stringAt } from '../../../base/json.ts';
import { field, flag, message } from '../protobuf/encode.ts';

/** What kubectl asks for when it checks lists of objects: the older OpenAPI document, as protobuf. */
export const openApiV2Type = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

const v3Prefix = '#/components/schemas/';
const v2Prefix = '#/definitions/';
const methodNumbers: Readonly<Record<string, number>> = { get: 2, put: 3, post: 4, delete: 5, patch: 8 };

type Json = Readonly<Record<string, unknown>>;

/** The documents of all groups as one of version 2. Only what clients look up is in it: operations with their parameters, and the definitions. */
export function openApiV2(version: string, paths: Json, schemas: Json): Buffer {
  return message(
    field(1, '2.0'),
    field(2, message(field(1, 'Kubernetes'), field(2, version))),
    field(8, message(...Object.entries(paths).map(([path, item]) => field(2, named(path, pathItem(item)))))),
    field(9, message(...Object.entries(schemas).map(([name, schema]) => field(1, named(name, schemaMessage(schema)))))),
  );
}

function named(name: string, value: Buffer): Buffer {
  return message(field(1, name), field(2, value));
}

function pathItem(item: unknown): Buffer {
  const operations = isObject(item) ? Object.entries(item) : [];
  return message(
    ...operations.map(([method, operation]) => field(methodNumbers[method] ?? 0, operationMessage(operation))),
  );
}

function operationMessage(operation: unknown): Buffer {
  const parameters =
    isObject(operation) && Array.isArray(operation['parameters']) ? operation['parameters'].filter(isObject) : [];
  return message(
    ...parameters.map((parameter) =>
      field(
        8,
        field(
          1,
          field(
            2,
            field(
              3,
              message(field(2, 'query'), field(4, String(parameter['name'])), field(6, 'string'), flag(20, true)),
            ),
          ),
        ),
      ),
    ),
    ...extensions(13, operation),
  );
}

function schemaMessage(raw: unknown): Buffer {
  const schema = isObject(raw) ? raw : {};
  const reference = referenceOf(schema);
  if (reference !== undefined) return message(field(1, v2Prefix + reference.slice(v3Prefix.length)));
  const { format, type, items, properties, required, additionalProperties } = schema;
  return message(
    typeof format === 'string' ? field(2, format) : undefined,
    ...(Array.isArray(required) ? required.map((name) => field(19, String(name))) : []),
    isObject(additionalProperties) ? field(21, field(1, schemaMessage(additionalProperties))) : undefined,
    typeof type === 'string' ? field(22, field(1, type)) : undefined,
    isObject(items) ? field(23, field(1, schemaMessage(items))) : undefined,
    isObject(properties)
      ? field(
          25,
          message(...Object.entries(properties).map(([name, inner]) => field(1, named(name, schemaMessage(inner))))),
        )
      : undefined,
    ...extensions(31, schema),
  );
}

/** A reference, also one that stands in an `allOf` for the sake of its siblings. */
function referenceOf(schema: Json): string | undefined {
  if (typeof schema['$ref'] === 'string') return schema['$ref'];
  const parts = arrayAt(schema, 'allOf');
  return parts.length === 1 ? stringAt(parts[0], '$ref') : undefined;
}

/** JSON is YAML, in which extensions are told. */
function extensions(number: number, owner: unknown): readonly Buffer[] {
  const entries = isObject(owner)
    ? Object.entries(owner).filter(([name]) => name.startsWith('x-kubernetes-') && name !== 'x-kubernetes-validations')
    : [];
  return entries.map(([name, value]) => field(number, named(name, field(2, JSON.stringify(value)))));
}
