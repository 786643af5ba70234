/** vLLM's version as [minor, patch] of 0.x, which is what its behaviour depends on. */
export interface VllmVersion {
  readonly text: string;
  readonly minor: number;
}

/** The vLLM that an llm-d-cuda release carries, as near as public sources tell. */
const LLM_D_IMAGES: ReadonlyMap<string, string> = new Map([
  ['0.3', '0.11.0'],
  ['0.4', '0.12.0'],
  ['0.5', '0.14.1'],
  ['0.6', '0.17.1'],
  ['0.7', '0.20.2'],
  ['0.8', '0.24.0'],
  ['0.9', '0.28.0'],
]);
const DEFAULT_VERSION = '0.11.0';

/** From the image's tag: `vllm-openai:v0.14.1` says it, `llm-d-cuda:v0.4.0` by the table; anything else is the default. */
export function vllmVersion(image: string): VllmVersion {
  const [, name = '', release, patch] = /([^/:]+):v?(\d+\.\d+)(\.\d+)?[^/]*$/.exec(image) ?? [];
  if (release !== undefined && name.startsWith('vllm')) return version(release + (patch ?? '.0'));
  return version((release !== undefined && LLM_D_IMAGES.get(release)) || DEFAULT_VERSION);
}

function version(text: string): VllmVersion {
  return { text, minor: Number(text.split('.')[1]) };
}
