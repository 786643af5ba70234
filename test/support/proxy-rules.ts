/** A value of NO_PROXY, and whether a server is reached directly then. */
export interface ProxyRule {
  readonly rule: string;
  readonly server: string;
  readonly direct: boolean;
  /** kubectl 1.32 takes an address for a name, and its end for a domain. */
  readonly newKubectlOnly?: boolean;
}

/** Addresses and names that are reserved for examples: nobody is asked. */
const rules: readonly (readonly [string, string, boolean])[] = [
  ['example.invalid', 'https://api.example.invalid', true],
  ['example.invalid', 'https://example.invalid', true],
  ['EXAMPLE.invalid', 'https://api.example.invalid', true],
  ['.example.invalid', 'https://api.example.invalid', true],
  ['.example.invalid', 'https://example.invalid', false],
  ['*.example.invalid', 'https://api.example.invalid', true],
  ['*.example.invalid', 'https://example.invalid', false],
  ['ample.invalid', 'https://api.example.invalid', false],
  ['*', 'https://api.example.invalid', true],
  ['other,*', 'https://api.example.invalid', true],
  ['', 'https://api.example.invalid', false],
  ['api.example.invalid:6443', 'https://api.example.invalid:6443', true],
  ['api.example.invalid:6443', 'https://api.example.invalid', false],
  ['api.example.invalid:443', 'https://api.example.invalid', true],
  ['192.0.2.0/24', 'https://192.0.2.3:6443', true],
  ['192.0.2.0/24', 'https://198.51.100.3:6443', false],
  ['0.0.0.0/0', 'https://192.0.2.3', true],
  ['192.0.2.0/99', 'https://192.0.2.3', false],
  ['192.0.2.0/', 'https://192.0.2.3', false],
  [' other , 192.0.2.3 ', 'https://192.0.2.3', true],
  ['192.0.2.3:6443', 'https://192.0.2.3:6443', true],
  ['192.0.2.3:6443', 'https://192.0.2.3', false],
  ['2001:db8::/32', 'https://[2001:db8::1]:6443', true],
  ['2001:db9::/32', 'https://[2001:db8::1]:6443', false],
  ['2001:DB8:0::1', 'https://[2001:db8::1]', true],
  ['[2001:db8::1]:6443', 'https://[2001:db8::1]:6443', true],
  ['[2001:db8::1]:6443', 'https://[2001:db8::1]', false],
  ['::/0', 'https://192.0.2.3', false],
];

/** Held against our own reading in the unit tests and against kubectl's in the suite of the clients. */
export const proxyRules: readonly ProxyRule[] = [
  ...rules.map(([rule, server, direct]) => ({ rule, server, direct })),
  { rule: '2.3', server: 'https://192.0.2.3', direct: false, newKubectlOnly: true },
];
