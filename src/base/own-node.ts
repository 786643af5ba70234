/** A Node to start processes with, and the environment that makes it behave as one. */
export interface OwnNode {
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
}

/** This process's own Node with the environment given; inside VS Code it is Electron, which has to be told to be one. */
export function ownNode(env: Readonly<Record<string, string | undefined>>): OwnNode {
  const defined = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { file: process.execPath, env: { ...Object.fromEntries(defined), ELECTRON_RUN_AS_NODE: '1' } };
}
