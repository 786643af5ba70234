/** The syntaxes of names, keys and values, and the server's words for what breaks them. Each function answers with the complaints, none when the text is fine. */

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = `(${QUALIFIED})?`;

export function dnsLabelErrors(value: string): string[] {
  return [
    ...lengthErrors(value, 63),
    ...syntaxErrors(
      value,
      LABEL,
      `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc'`,
    ),
  ];
}

export function dnsSubdomainErrors(value: string): string[] {
  return [
    ...lengthErrors(value, 253),
    ...syntaxErrors(
      value,
      SUBDOMAIN,
      `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com'`,
    ),
  ];
}

export function dns1035LabelErrors(value: string): string[] {
  return [
    ...lengthErrors(value, 63),
    ...syntaxErrors(
      value,
      LABEL_1035,
      `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123'`,
    ),
  ];
}

/** A name that is only kept out of a path: RBAC kinds. */
export function pathSegmentErrors(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%'].filter((bad) => value.includes(bad)).map((bad) => `may not contain '${bad}'`);
}

/** The key of a label or annotation: an optional DNS prefix and a name. */
export function qualifiedNameErrors(value: string): string[] {
  const parts = value.split('/');
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  if (parts.length > 2) {
    return [
      `a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${QUALIFIED}') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const prefixErrors =
    prefix === undefined
      ? []
      : prefix === ''
        ? ['prefix part must be non-empty']
        : dnsSubdomainErrors(prefix).map((error) => `prefix part ${error}`);
  if (name === '') return [...prefixErrors, 'name part must be non-empty', ...nameErrors(name)];
  return [...prefixErrors, ...lengthErrors(name, 63).map((error) => `name part ${error}`), ...nameErrors(name)];
}

function nameErrors(name: string): string[] {
  return syntaxErrors(
    name,
    QUALIFIED,
    `name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc'`,
  );
}

export function labelValueErrors(value: string): string[] {
  return [
    ...lengthErrors(value, 63),
    ...syntaxErrors(
      value,
      LABEL_VALUE,
      `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345'`,
    ),
  ];
}

/** The key of a config map's or secret's data. */
export function configKeyErrors(value: string): string[] {
  return [
    ...lengthErrors(value, 253),
    ...syntaxErrors(
      value,
      '[-._a-zA-Z0-9]+',
      `a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name'`,
    ),
  ];
}

export function environmentNameErrors(value: string): string[] {
  return /^[\x20-\x3c\x3e-\x7e]+$/.test(value)
    ? []
    : [`a valid environment variable name must consist only of printable ASCII characters other than '='`];
}

/** The name of a port: an IANA service name. */
export function portNameErrors(value: string): string[] {
  const errors: string[] = [];
  if (value.length > 15) errors.push('must be no more than 15 characters');
  if (!/^[-a-z0-9]+$/.test(value))
    errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(value)) errors.push('must contain at least one letter (a-z)');
  if (value.includes('--')) errors.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) errors.push('must not begin or end with a hyphen');
  return errors;
}

function lengthErrors(value: string, limit: number): string[] {
  return Buffer.byteLength(value) > limit ? [`must be no more than ${limit} bytes`] : [];
}

function syntaxErrors(value: string, pattern: string, complaint: string): string[] {
  return compiled(pattern).test(value) ? [] : [`${complaint}, regex used for validation is '${pattern}')`];
}

const patterns = new Map<string, RegExp>();

/** Each pattern is compiled once: every name and label of every write is tested. */
function compiled(pattern: string): RegExp {
  const known = patterns.get(pattern);
  if (known) return known;
  const made = new RegExp(`^(?:${pattern})$`);
  patterns.set(pattern, made);
  return made;
}
