import { BlockList, isIP } from 'node:net';

/** The proxy for a server from HTTPS_PROXY, HTTP_PROXY and NO_PROXY (either case), as kubectl reads them; undefined: go directly. */
export function proxyFromEnvironment(
  server: URL,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const variable = (name: string): string | undefined => env[name] || env[name.toLowerCase()] || undefined;
  const secure = server.protocol === 'https:';
  const proxy = variable(secure ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  if (proxy === undefined) return undefined;
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = server.port || (secure ? '443' : '80');
  const rules = (variable('NO_PROXY') ?? '').split(',').map((rule) => rule.trim().toLowerCase());
  if (isLoopback(host) || rules.some((rule) => bypasses(rule, host, port))) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** `*`, a range, or an address or name, which may have a port. A name counts for what is below it, too; with a dot before it, for that alone. */
function bypasses(rule: string, host: string, port: string): boolean {
  if (rule === '*') return true;
  if (rule.includes('/')) return inRange(host, rule);
  const [, name = '', rulePort] = isIP(rule) === 6 ? [rule, rule] : (/^\[?(.*?)\]?(?::(\d+))?$/.exec(rule) ?? []);
  if (name === '' || (rulePort !== undefined && rulePort !== port)) return false;
  if (isIP(name) !== 0) return inRange(host, `${name}/${isIP(name) === 6 ? 128 : 32}`);
  if (isIP(host) !== 0) return false;
  const suffix = name.replace(/^\*\./, '.');
  return suffix.startsWith('.') ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}

/** Whether an address lies in a range; one of another family, or a name, never does. */
function inRange(host: string, range: string): boolean {
  const [base = '', length = ''] = range.split('/');
  const family = isIP(host);
  if (family === 0 || isIP(base) !== family || !/^\d+$/.test(length) || Number(length) > (family === 6 ? 128 : 32))
    return false;
  const type = family === 6 ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(base, Number(length), type);
  return list.check(host, type);
}
