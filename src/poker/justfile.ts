import type { Endpoint } from './types.ts';

/** The variables that a shell in the poker pod, its recipes and the benchmarks read. */
export function endpointVariables(endpoint: Endpoint): Readonly<Record<string, string>> {
  return {
    BASE_URL: endpoint.baseUrl,
    MODEL: endpoint.model,
    DECODE_PODS: endpoint.decodePods.map(({ name, ip }) => `${name} ${ip}`).join('\n'),
    DECODE_IPS: endpoint.decodePods.map(({ ip }) => ip).join(' '),
  };
}

/** The Justfile of the pod: the endpoint's variables, exported to every recipe, then the recipes. */
export function pokerJustfile(recipes: string, endpoint: Endpoint | undefined): string {
  if (!endpoint) return recipes;
  const lines = Object.entries(endpointVariables(endpoint)).map(
    ([name, value]) => `export ${name} := ${justString(value)}`,
  );
  return `${lines.join('\n')}\n\n${recipes}`;
}

/** A just string literal in double quotes: spaces, quotes and line ends stay what they are. */
export function justString(value: string): string {
  const escaped = value
    .replace(/\\/g, '\\\\')
    .replace(/"/g, '\\"')
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
    .replace(/\t/g, '\\t');
  return `"${escaped}"`;
}
