import data from '../../../src/demo/api/data/schemas.json' with { type: 'json' };
import { loadSchemas, type ObjectSchema } from '../../../src/demo/api/schema/index.ts';

export const schemas = loadSchemas(data);

export function schemaOf(group: string, version: string, kind: string): ObjectSchema {
  const schema = schemas.forKind(group, version, kind);
  if (!schema) throw new Error(`no schema of ${group}/${version} ${kind}`);
  return schema;
}

export const pods = schemaOf('', 'v1', 'Pod');
export const services = schemaOf('', 'v1', 'Service');
export const configMaps = schemaOf('', 'v1', 'ConfigMap');
export const deployments = schemaOf('apps', 'v1', 'Deployment');
export const leaderWorkerSets = schemaOf('leaderworkerset.x-k8s.io', 'v1', 'LeaderWorkerSet');
