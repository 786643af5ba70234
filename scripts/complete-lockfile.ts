// `node scripts/complete-lockfile.ts` after `npm install`: adds the builds for other platforms to package-lock.json.
// A registry mirror that lacks them makes npm leave them out, and `npm ci` then refuses the lockfile everywhere.
import { readFile, writeFile } from 'node:fs/promises';
import { say } from './lib/say.ts';

interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly license?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Lockfile {
  packages: Record<string, LockedPackage & Record<string, unknown>>;
}

const path = 'package-lock.json';
const lock = JSON.parse(await readFile(path, 'utf8')) as Lockfile;
const missing = Object.values(lock.packages).flatMap((locked) =>
  Object.entries(locked.optionalDependencies ?? {})
    .filter(([name, version]) => /^\d+\.\d+\.\d+/.test(version) && !Object.keys(lock.packages).some((key) => key.endsWith(`node_modules/${name}`)))
    .map(([name, version]) => ({ name, version, dev: locked.dev === true, license: locked.license })),
);

for (const { name, version, dev, license } of missing) {
  const platform = platformOf(name);
  if (platform === undefined) throw new Error(`${name} is missing in ${path}, and its name tells no platform`);
  lock.packages[`node_modules/${name}`] = { version, cpu: [platform.cpu], ...(dev ? { dev } : {}), ...(platform.libc === undefined ? {} : { libc: [platform.libc] }), ...(license === undefined ? {} : { license }), optional: true, os: [platform.os] };
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, 'en')));
await writeFile(path, `${JSON.stringify(lock, undefined, 2)}\n`);
say(`${missing.length} packages for other platforms added to ${path}`);

function platformOf(name: string): { readonly os: string; readonly cpu: string; readonly libc: string | undefined } | undefined {
  const match = /(android|darwin|freebsd|openharmony|linux|win32)-(arm64|arm|x64|ia32|ppc64|riscv64|s390x)(?:-(\w+))?$/.exec(name);
  if (!match?.[1] || !match[2]) return undefined;
  const libc = match[1] !== 'linux' ? undefined : /musl/.test(match[3] ?? '') ? 'musl' : 'glibc';
  return { os: match[1], cpu: match[2], libc };
}
