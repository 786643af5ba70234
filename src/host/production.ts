/**
 * Whether a context is marked as production: its name fits one of the patterns of the setting
 * `llmd.productionContexts`, in which `*` stands for any characters. Case does not count.
 */
export function isProduction(context: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    new RegExp(`^${pattern.split('*').map(literally).join('.*')}$`, 'is').test(context),
  );
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
