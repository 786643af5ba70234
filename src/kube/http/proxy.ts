import { isIP } from 'node:net';

/** The proxy for a server from HTTPS_PROXY, HTTP_PROXY and NO_PROXY (either case), as kubectl reads them; undefined: go directly. */
export function proxyFromEnvironment(
  server: URL,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const variable = (name: string): string | undefined => env[name] || env[name.toLowerCase()] || undefined;
  const proxy = server.protocol === 'https:' ? variable('HTTPS_PROXY') : variable('HTTP_PROXY');
  if (proxy === undefined) return undefined;
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (isLoopback(host) || bypassed(host, server.port, variable('NO_PROXY') ?? '')) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function bypassed(host: string, port: string, noProxy: string): boolean {
  return noProxy.split(',').some((raw) => {
    const rule = raw.trim().toLowerCase();
    if (rule === '') return false;
    if (rule === '*') return true;
    if (rule.includes('/')) return inRange(host, rule);
    const [name = '', rulePort] = isIP(rule) === 6 ? [rule] : rule.split(':');
    if (rulePort !== undefined && rulePort !== port) return false;
    const suffix = name.replace(/^\*?\./, '');
    return host === suffix || host.endsWith(`.${suffix}`);
  });
}

/** CIDR rules for IPv4; a range of another family never matches. */
function inRange(host: string, cidr: string): boolean {
  const [base = '', length = ''] = cidr.split('/');
  const bits = Number(length);
  if (isIP(host) !== 4 || isIP(base) !== 4 || !(bits >= 0 && bits <= 32)) return false;
  const mask = bits === 0 ? 0 : (~0 << (32 - bits)) >>> 0;
  return (ipv4(host) & mask) >>> 0 === (ipv4(base) & mask) >>> 0;
}

function ipv4(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
