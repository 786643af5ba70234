const SECRETS: readonly [RegExp, string][] = [
  // Hugging Face and GitHub tokens, JSON web tokens (service accounts)
  [/\bhf_[A-Za-z0-9]{8,}/g, 'hf_…'],
  [/\b(gh[pousr])_[A-Za-z0-9]{8,}/g, '$1_…'],
  [/\bgithub_pat_\w{8,}/g, 'github_pat_…'],
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, 'eyJ…'],
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, '$1 …'],
  // key: value and key=value of anything that calls itself a secret
  [/((?:token|password|passwd|secret|client-key-data|api[-_]?key)["']?\s*[:=]\s*["']?)[^\s"',;}]{4,}/gi, '$1…'],
];

/** Takes out what looks like a credential. The last net before a log: callers do not pass secrets in the first place. */
export function redact(text: string): string {
  return SECRETS.reduce((clean, [pattern, replacement]) => clean.replace(pattern, replacement), text);
}
