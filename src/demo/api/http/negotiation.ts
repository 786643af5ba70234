import { notAcceptable } from '../base/status.ts';

/** In which form the client wants objects: as they are, as rows of a table, or only their metadata. */
export type Representation = 'object' | 'table' | 'metadata';

export interface Negotiated {
  readonly representation: Representation;
  readonly yaml: boolean;
}

interface MediaType {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

export function mediaTypes(header: string | undefined): readonly MediaType[] {
  return (header ?? '*/*').split(',').map((entry) => {
    const [type = '', ...parameters] = entry.split(';').map((part) => part.trim());
    return { type: type.toLowerCase(), parameters: new Map(parameters.map((parameter) => splitOnce(parameter))) };
  });
}

function splitOnce(parameter: string): [string, string] {
  const equals = parameter.indexOf('=');
  return equals < 0 ? [parameter, ''] : [parameter.slice(0, equals), parameter.slice(equals + 1)];
}

/** The first form in the Accept header that this server can give. Protobuf and CBOR it cannot. */
export function negotiate(header: string | undefined): Negotiated {
  for (const { type, parameters } of mediaTypes(header)) {
    const yaml = type === 'application/yaml';
    if (!yaml && type !== 'application/json' && type !== '*/*' && type !== 'application/*') continue;
    switch (parameters.get('as')) {
      case undefined:
        return { representation: 'object', yaml };
      case 'Table':
        if (parameters.get('v') === 'v1') return { representation: 'table', yaml };
        break;
      case 'PartialObjectMetadata':
      case 'PartialObjectMetadataList':
        if (parameters.get('v') === 'v1') return { representation: 'metadata', yaml };
        break;
    }
  }
  throw notAcceptable(['application/json', 'application/yaml']);
}
