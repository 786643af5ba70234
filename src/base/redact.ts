/** What a token may stand behind although it ends in a letter or digit: a terminal's colour, an escaped character of a URL. */
const BEHIND = String.raw`(?<=\x1B\[[\d;]{0,20}m|%[\dA-Fa-f]{2})`;
/** Where a token begins: never inside what its pattern has looked at before, or the pattern would not be linear. */
const START = String.raw`(?:(?<!\w)|${BEHIND})`;
const START_WITH_DASHES = String.raw`(?:(?<![\w-])|${BEHIND})`;
const SECRET_NAME = [
  'token|passw(?:or)?d|passphrase|secret(?:[_-]?(?:access[_-]?)?key)?',
  'client-key-data|(?:api|access|private|account)[_-]?key',
  // Of a registry, in JSON
  String.raw`(?<=["'])auth`,
].join('|');
/** In quotes, which may be quoted once more or not end; or a word. What was taken out before is left. */
const SECRET_VALUE = String.raw`\\*"(?:[^"\n]|"(?=\w))*"?|\\*'(?:[^'\n]|'(?=\w))*'?|(?!…)[^\s"',;}\x1B]{4,}`;

/** What looks like a credential, and what is left of it. Each is linear in the text. */
const SECRETS: readonly [RegExp, string][] = [
  // A private key, also one that was cut off, or written as JSON with escaped line ends
  [/(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)(?:(?!-----END )[^]){0,20000}/g, '$1…'],
  // User and password of a URL, or a token in their place
  [/(:\/\/)[^\s/?#]+@/g, '$1…@'],
  // Tokens that tell by their beginning whose they are: Hugging Face and GitHub; GitLab, Slack, NVIDIA, OpenAI and others, Google, EKS, OpenShift; AWS
  [new RegExp(String.raw`${START}(hf_|gh[pousr]_|github_pat_)\w{8,}`, 'g'), '$1…'],
  [
    new RegExp(
      String.raw`${START_WITH_DASHES}(glpat-|xox[a-z]-|nvapi-|sk-|ya29\.|AIza|k8s-aws-v1\.|sha256~)[\w.-]{8,}`,
      'g',
    ),
    '$1…',
  ],
  [new RegExp(String.raw`${START}(AKIA|ASIA)[A-Z0-9]{12,}`, 'g'), '$1…'],
  // JSON web tokens (service accounts, OIDC)
  [new RegExp(String.raw`${START_WITH_DASHES}eyJ[\w-]{8,}(?:\.[\w-]*){1,4}`, 'g'), 'eyJ…'],
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, '$1 …'],
  // key: value and key=value of anything that calls itself a secret
  [new RegExp(String.raw`((?:${SECRET_NAME})\\*["']?\s*[:=]\s*)(?:${SECRET_VALUE})`, 'gi'), '$1…'],
];

/**
 * Takes out what looks like a credential: the one net before every place that keeps text (log, evidence, records of runs).
 * Callers do not pass secrets in the first place.
 */
export function redact(text: string): string {
  return SECRETS.reduce((clean, [pattern, replacement]) => clean.replace(pattern, replacement), text);
}
