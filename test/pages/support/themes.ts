import { readFileSync } from 'node:fs';

const fixtures = new URL('../../fixtures/themes/', import.meta.url);

export const THEMES = ['dark', 'light', 'high-contrast', 'high-contrast-light'] as const;
export type ThemeName = (typeof THEMES)[number];

interface Theme {
  readonly classes: readonly string[];
  /** The variables of the page's root. */
  readonly styles: Readonly<Record<string, string>>;
}

const defaultStyles = readFileSync(new URL('default-styles.css', fixtures), 'utf8');

export function theme(name: ThemeName): Theme {
  return JSON.parse(readFileSync(new URL(`${name}.json`, fixtures), 'utf8')) as Theme;
}

/** What VS Code does to a page for a theme: at its start, and again whenever the theme changes. */
export function applyTheme(name: ThemeName): string {
  const { classes, styles } = theme(name);
  return `{
    document.body.classList.remove('vscode-dark', 'vscode-light', 'vscode-high-contrast', 'vscode-high-contrast-light');
    document.body.classList.add(...${JSON.stringify(classes)});
    const { style } = document.documentElement;
    for (const name of [...style]) style.removeProperty(name);
    for (const [name, value] of Object.entries(${JSON.stringify(styles)})) style.setProperty(name, value);
  }`;
}

/** The styles that VS Code puts into every page. */
export function applyDefaultStyles(): string {
  return `{
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(${JSON.stringify(defaultStyles)});
    document.adoptedStyleSheets = [sheet];
  }`;
}
