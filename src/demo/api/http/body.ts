import type { IncomingMessage } from 'node:http';
import { parse as parseYaml } from 'yaml';
import type { ProtobufDecoder } from '../protobuf/decode.ts';
import { duplicateFields } from '../schema/index.ts';
import { ApiError, badRequest, unsupportedMediaType } from '../base/status.ts';
import { mediaTypes } from './negotiation.ts';

/** etcd's limit on a request and a little air, as the real server has it. */
const maxBodyBytes = 3 * 1024 * 1024;

export interface Body {
  readonly contentType: string;
  readonly value: unknown;
  /** Keys that JSON text gave twice; YAML refuses those by itself. */
  readonly duplicateFields: readonly string[];
}

/** Reads and parses a request's body; undefined when it has none. */
export async function readBody(request: IncomingMessage, protobuf: ProtobufDecoder): Promise<Body | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw new ApiError(413, 'RequestEntityTooLarge', `limit is ${maxBodyBytes}`);
    chunks.push(chunk);
  }
  if (size === 0) return undefined;
  const bytes = Buffer.concat(chunks);
  const contentType = mediaTypes(request.headers['content-type'] ?? 'application/json')[0]?.type ?? '';
  if (contentType === 'application/vnd.kubernetes.protobuf')
    return { contentType, value: protobuf.decode(bytes), duplicateFields: [] };
  const text = bytes.toString('utf8');
  if (contentType === 'application/json' || contentType.endsWith('+json') || contentType === '*/*') {
    return { contentType, value: parseJson(text), duplicateFields: duplicateFields(text) };
  }
  if (contentType === 'application/yaml' || contentType.endsWith('+yaml'))
    return { contentType, value: parseYamlText(text), duplicateFields: [] };
  throw unsupportedMediaType(['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badRequest(
      `couldn't get version/kind; json parse error: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** An apply patch is often JSON under the YAML name; the fast parser is tried first. */
function parseYamlText(text: string): unknown {
  if (text.trimStart().startsWith('{')) {
    try {
      return JSON.parse(text);
    } catch {
      // Flow-style YAML may look like JSON at its first brace.
    }
  }
  try {
    return parseYaml(text);
  } catch (error) {
    throw badRequest(`error converting YAML to JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
