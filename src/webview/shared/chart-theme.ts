import { themeColor } from './theme.ts';

/** What every chart shares: no animation, the page's font, the theme's text colour. */
export function chartBase(): object {
  return {
    animation: false,
    textStyle: { fontFamily: themeColor('font-family', 'sans-serif'), color: themeColor('foreground', '#888') },
  };
}

export function axisColors(): object {
  const text = themeColor('foreground', '#888');
  const line = themeColor('editorWidget-border', '#555');
  return {
    axisLabel: { color: text },
    nameTextStyle: { color: text },
    axisLine: { lineStyle: { color: line } },
    axisTick: { lineStyle: { color: line } },
    splitLine: { lineStyle: { color: line, opacity: 0.5 } },
  };
}

export function tooltipColors(): object {
  return {
    confine: true,
    backgroundColor: themeColor('editorHoverWidget-background', '#252526'),
    borderColor: themeColor('editorHoverWidget-border', '#454545'),
    textStyle: { color: themeColor('editorHoverWidget-foreground', '#ccc') },
  };
}
