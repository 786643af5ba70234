import { execa } from 'execa';

/** What an npm tells the scripts that it runs, beside its `npm_*`: true of that npm alone. */
const ofOuterNpm = new Set(['INIT_CWD', 'NODE']);

/** How packages and headers are reached: a person or a machine may have said so in the environment and nowhere else. */
const reach = /^npm_config_(?:registry|https?[-_]proxy|proxy|noproxy|ca|cafile|strict[-_]ssl|nodedir|userconfig|globalconfig|cache|@.*|\/\/.*)$/i;

/**
 * The environment without what an outer npm put there. `npm run` may run on another Node than the one that it puts first on the PATH,
 * and an inner npm would hand the outer's name and version on: post-installs read the Node that they run on in `npm_config_user_agent`.
 */
export function withoutOuterNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ofOuterNpm.has(name) && (!/^npm_/i.test(name) || reach.test(name))));
}

export interface NpmOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs npm as if from a shell: every npm that a script starts comes from here. What it prints is left out, complaints are not; a non-zero exit is an error. */
export async function npm(args: readonly string[], { cwd, env = process.env }: NpmOptions = {}): Promise<void> {
  await execa('npm', args, { ...(cwd === undefined ? {} : { cwd }), env: withoutOuterNpm(env), extendEnv: false, stdin: 'ignore', stdout: 'ignore', stderr: 'inherit' });
}
